"""Deploy steps: create the indexes and topics that the program only verifies. Both may run again at any time."""

import asyncio

from allocation_worker import storage, topics
from allocation_worker.settings import WorkerSettings
from keylane import UnavailableError, ensure_topics
from lyceum_database import DatabaseError, Unavailable, connect
from lyceum_program.errors import StartRefused
from lyceum_program.waiting import patiently


async def create_indexes(settings: WorkerSettings) -> str:
    """Create the indexes; returns a line that says so.

    Raises:
        StartRefused: the database does not answer in time, or has an index with other options.
    """
    try:
        connect(settings.mongo)
        await patiently("MongoDB", lambda: asyncio.to_thread(storage.create), (Unavailable,))
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
    created = await patiently("Kafka", lambda: ensure_topics(settings.kafka, specs), (UnavailableError,))
    topic = "topic" if len(created) == 1 else "topics"
    return f"created {topic} {', '.join(created)}" if created else f"all {len(specs)} topics exist"
