"""Every program of the platform in one process, from the deploy steps to the moment when all answer."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from allocation_worker.handlers import BeforeAttempt
from keylane import RetryPolicy
from lyceum_allocation import CapacityRepository, TrainerRow, import_trainers
from lyceum_database import UserRepository
from lyceum_devstack.up.administrator import WayIn, first_administrator
from lyceum_devstack.up.programs import SERVICES, deploy, web_settings, worker
from lyceum_devstack.up.stack import ServiceProgram, Stack, WorkerProgram
from lyceum_devstack.up.surroundings import Surroundings

SWITCH_S = 0.0005
"""Five programs and an embedded database share one interpreter: with Python's own 5 ms each event waits for threads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a stack is to be like.

    Attributes:
        host: where services answer.
        first_port: of the first service; 0 for any free ones.
        trainers: imported before the start.
        before_attempt: see `programs.worker`.
        retry: see `programs.worker`.
    """

    host: str = "127.0.0.1"
    first_port: int = 0
    trainers: Sequence[TrainerRow] = ()
    before_attempt: BeforeAttempt | None = None
    retry: RetryPolicy | None = None


@dataclass(frozen=True, slots=True)
class House:
    """A stack that is ready to run.

    Attributes:
        services: in the order of `SERVICES`; they have addresses once they answer.
        way_in: of an administrator, if one was made.
    """

    stack: Stack
    services: tuple[ServiceProgram, ...]
    way_in: WayIn | None


async def assemble(around: Surroundings, wishes: Wishes, say: Callable[[str], None]) -> House:
    """Build every program and run the deploy steps of all; the stack is the caller's to run.

    Raises:
        StartRefused: a program cannot work with what it was given.
        Unavailable: MongoDB does not answer.
        IndexesDiffer: an index is there with other options.
        BrokerUnavailableError: Kafka does not answer.
        FileRefused: the trainers clash with what is stored.
        ImportInterrupted: MongoDB failed half-way through them.
    """
    sys.setswitchinterval(SWITCH_S)
    allocating = WorkerProgram(worker(around, before_attempt=wishes.before_attempt, retry=wishes.retry))
    await deploy(around)
    if wishes.trainers:
        rows = wishes.trainers
        await asyncio.to_thread(import_trainers, rows, users=UserRepository(), capacities=CapacityRepository())
    way_in = await asyncio.to_thread(first_administrator)
    services = tuple(_service(number, around, wishes) for number in range(len(SERVICES)))
    return House(Stack([allocating, *services], say), services, way_in)


def _service(number: int, around: Surroundings, wishes: Wishes) -> ServiceProgram:
    service = SERVICES[number]
    settings = web_settings(wishes.host, wishes.first_port and wishes.first_port + number)
    return ServiceProgram(service.name, service.build(around, settings), settings)
