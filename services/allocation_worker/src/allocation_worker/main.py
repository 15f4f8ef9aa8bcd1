"""The program's life: initialize, run, shut down."""

import asyncio
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from pymongo import MongoClient

from allocation_worker import storage, topics
from allocation_worker.bootstrap import build
from allocation_worker.handlers import BeforeAttempt
from allocation_worker.health import HealthServer
from allocation_worker.instance import ServiceHolder
from allocation_worker.program import AllocationWorker
from allocation_worker.settings import WorkerSettings, read_settings
from keylane import RetryPolicy
from lyceum_allocation import AllocationService
from lyceum_database import close
from lyceum_program import deploying
from lyceum_program.command_line import command_parser, exit_code
from lyceum_program.logs import log_to_stderr
from lyceum_program.signals import stop_on_signals

NAME = "allocation-worker"

_holder = ServiceHolder()


def allocation_service() -> AllocationService:
    """Return the process's one service.

    Raises:
        AllocationServiceNotInitialized: before `initialize()`, and after `shutdown()`.
    """
    return _holder.get()


def initialize(
    settings: WorkerSettings,
    *,
    before_attempt: BeforeAttempt | None = None,
    retry: RetryPolicy | None = None,
    client_class: type[Any] = MongoClient,
) -> AllocationWorker:
    """Check the models and build everything, once per process; nothing is imported, connected or built later.

    Args:
        settings: where the servers are.
        before_attempt: called at the start of every attempt; for rehearsing failures.
        retry: attempts and backoff; five attempts by default.
        client_class: the MongoDB client; the embedded one for tests and demonstrations.

    Raises:
        StartRefused: a model is missing or unfit, or settings cannot work.
        ConfigurationError: the runtime cannot work as configured.
    """
    return build(settings, _holder, before_attempt=before_attempt, retry=retry, client_class=client_class)


async def run(program: AllocationWorker) -> None:
    """Work until SIGTERM or SIGINT, answering health checks.

    Raises:
        StartRefused: what was found at the servers can never work.
        ConfigurationError: the same, found by the runtime.
    """
    stop_on_signals(program.request_stop)
    settings = program.settings
    if settings.health_port is None:
        await program.run()
        return
    async with HealthServer(program, host=settings.health_host, port=settings.health_port):
        await program.run()


def shutdown() -> None:
    """Close what `initialize()` opened; it may then be called again."""
    _holder.drop()
    close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 2 for what waiting cannot heal, with one clear line."""
    command = _parser().parse_args(arguments).command
    return exit_code(NAME, command, lambda: _obey(command), end=shutdown)


def _obey(command: str) -> None:
    settings = read_settings()
    log_to_stderr(settings.log_level)
    if command == "run":
        asyncio.run(run(initialize(settings)))
    else:
        sys.stdout.write(f"{asyncio.run(deploy(command, settings))}\n")


async def deploy(step: str, settings: WorkerSettings) -> str:
    """Take one deploy step, `indexes` or `topics`, which may be repeated; returns a line that says what was done.

    Raises:
        StartRefused: a server does not answer in time, or has an index with other options.
        ConfigurationError: Kafka refuses a topic.
    """
    if step == "indexes":
        return await deploying.create_indexes(settings.mongo, storage.create)
    return await deploying.create_topics(settings.kafka, topics.specs(settings))


def _parser() -> ArgumentParser:
    return command_parser(
        NAME,
        description="Gives each paid student a trainer: reads purchases, writes allocations.",
        epilog="Environment: MONGODB_URI and KAFKA_BOOTSTRAP (required), MONGODB_DATABASE, KAFKA_TOPIC_PREFIX, "
        "HEALTH_PORT and more, see the README. Example: MONGODB_URI=mongodb://localhost:27017 "
        "KAFKA_BOOTSTRAP=localhost:9092 python -m allocation_worker run",
        commands={
            "run": "work until SIGTERM",
            "indexes": "deploy step: create the indexes that `run` verifies",
            "topics": "deploy step: create the topics that `run` needs",
        },
    )
