"""Deploy steps: create the indexes and topics that the program only verifies. Both may run again at any time."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from allocation_worker import storage, topics
from allocation_worker.settings import WorkerSettings
from keylane import UnavailableError, ensure_topics
from lyceum_database import DatabaseError, Unavailable, connect
from lyceum_program.errors import StartRefused
from lyceum_program.waiting import Stopped, Waiting

PATIENCE = timedelta(seconds=60)
"""A server that was started together with this step is there by then."""

T = TypeVar("T")


async def create_indexes(settings: WorkerSettings) -> str:
    """Create the indexes; returns a line that says so.

    Raises:
        StartRefused: the database does not answer in time, or has an index with other options.
    """
    try:
        connect(settings.mongo)
        await _within_patience("MongoDB", lambda: asyncio.to_thread(storage.create), (Unavailable,))
    except DatabaseError as exc:
        raise StartRefused(str(exc)) from exc
    return f"indexes are as the models declare in database {settings.mongo.database}"


async def create_topics(settings: WorkerSettings) -> str:
    """Create the topics that are missing; returns a line that names them.

    Raises:
        StartRefused: Kafka does not answer in time.
        ConfigurationError: Kafka refuses a topic.
    """
    specs = topics.specs(settings)
    created = await _within_patience("Kafka", lambda: ensure_topics(settings.kafka, specs), (UnavailableError,))
    topic = "topic" if len(created) == 1 else "topics"
    return f"created {topic} {', '.join(created)}" if created else f"all {len(specs)} topics exist"


async def _within_patience(server: str, call: Callable[[], Awaitable[T]], away: tuple[type[Exception], ...]) -> T:
    waiting = Waiting()
    stop = asyncio.get_running_loop().call_later(PATIENCE.total_seconds(), waiting.request_stop)
    try:
        return await waiting.until(server, call, away)
    except Stopped as exc:
        raise StartRefused(f"gave up after {PATIENCE.total_seconds():.0f} s: {waiting.reason}") from exc
    finally:
        stop.cancel()
