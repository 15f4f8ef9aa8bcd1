"""A stack that is started for the day, disturbed while it works, and looked at from behind."""

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from rich.console import Console

from allocation_worker.main import shutdown
from auth_service.passwords.hashing import Argon2Cost
from keylane import RetryPolicy
from lyceum_devstack.check import Case
from lyceum_devstack.demo.faults import read_faults
from lyceum_devstack.demo.plan import MAX_ATTEMPTS
from lyceum_devstack.demo.stage import Stage
from lyceum_devstack.errors import ServerError
from lyceum_devstack.samples import FAULTS
from lyceum_devstack.story.addresses import Addresses
from lyceum_devstack.story.plan import DayPlan
from lyceum_devstack.story.run import SETTLE_WITHIN_S, Outcome, Scene, play
from lyceum_devstack.story.stores import Stores
from lyceum_devstack.story.trouble import Disturbance, Failing
from lyceum_devstack.up.credentials import Credentials
from lyceum_devstack.up.house import House, Wishes, assemble
from lyceum_devstack.up.programs import GROUPS, wanted_topics
from lyceum_devstack.up.stack import Stack
from lyceum_devstack.up.surroundings import Surroundings, open_surroundings

QUICK = Argon2Cost(memory_kib=7168)
"""The least that the auth service allows: hundreds of people sign up in this minute, and their accounts end with it."""
RETRY = RetryPolicy(max_attempts=MAX_ATTEMPTS, base=timedelta(seconds=0.2), factor=2.0)
"""As in production, but impatient: a person is watching."""


@contextmanager
def own_surroundings(mongodb_uri: str | None, bootstrap: str | None) -> Iterator[tuple[Surroundings, Stage]]:
    """Start the servers that are not given; on those that are given, everything has a name of this run.

    Raises:
        ServerError: the Kafka that is given has no usable address, or does not answer.
        Unavailable: the MongoDB that is given does not answer.
        SettingsError: its address cannot be used.
        MockClusterError: the embedded Kafka cannot be started.
    """
    run = secrets.token_hex(4)
    with open_surroundings(
        mongodb_uri, f"lyceum_demo_{run}", bootstrap, topic_prefix=f"lyceum-demo-{run}.", hash_cost=QUICK
    ) as around:
        yield (
            around,
            Stage(
                run=run,
                mongo=around.mongo,
                bootstrap=around.bootstrap,
                topic_prefix=around.topic_prefix,
                embedded_mongo=around.embedded_mongo,
                embedded_kafka=around.embedded_kafka,
                other_topics=tuple(spec.name for spec in wanted_topics(around)),
                other_groups=tuple(around.group(name) for name in GROUPS),
            ),
        )


async def play_here(
    day: DayPlan, around: Surroundings, stage: Stage, console: Console, *, settle_within_s: float = SETTLE_WITHIN_S
) -> tuple[Outcome, Case]:
    """Start every program, play the day on them, and stop them.

    Returns:
        What became of it, on screens and behind them.

    Raises:
        ServerError: a program or a server failed.
        StartRefused: a program cannot work with what it was given.
    """
    failing = Failing()
    disturbance = Disturbance(stage, read_faults(FAULTS).broken if FAULTS.is_file() else ())
    stores = Stores(stage, day.trainers, failing, disturbance)
    try:
        house = await assemble(around, Wishes(trainers=day.trainers, before_attempt=failing, retry=RETRY), say=_nothing)

        async def act() -> Outcome:
            stores.all_is_built()
            scene = Scene(
                addresses=Addresses(*(service.address for service in house.services)),
                credentials=_credentials(house, around),
                disturb=disturbance,
                judge=stores.judge,
                settle_within_s=settle_within_s,
            )
            return await play(day, scene, console)

        outcome = await _beside(house.stack, act)
    finally:
        shutdown()
    if stores.case is None:
        raise ServerError("nobody looked behind the screens")
    return outcome, stores.case


async def _beside(stack: Stack, act: Callable[[], Coroutine[Any, Any, Outcome]]) -> Outcome:
    """Act while the stack runs; a program that fails ends the demo."""
    begun = asyncio.Event()
    running = asyncio.create_task(stack.run(started=begun.set))
    acting = asyncio.create_task(_after(begun, act))
    try:
        await asyncio.wait({running, acting}, return_when=asyncio.FIRST_COMPLETED)
        if not acting.done():
            running.result()
            raise ServerError("the stack ended by itself")
        return acting.result()
    finally:
        acting.cancel()
        stack.request_stop()
        await asyncio.gather(running, acting, return_exceptions=True)


async def _after(begun: asyncio.Event, act: Callable[[], Coroutine[Any, Any, Outcome]]) -> Outcome:
    await begun.wait()
    return await act()


def _credentials(house: House, around: Surroundings) -> Credentials:
    if house.way_in is None:
        raise ServerError("the stack has an administrator already, and is not the demo's own")
    secret = around.payment_secret.get_secret_value()
    return Credentials(house.way_in.email, house.way_in.password, secret)


def _nothing(_: str) -> None:
    """Nobody wants to read that programs stop."""
