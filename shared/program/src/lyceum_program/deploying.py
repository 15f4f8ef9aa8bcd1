"""Deploy steps that every program has: the indexes and topics that it verifies at start and never creates there."""

import asyncio
from collections.abc import Callable, Sequence

from keylane import KafkaSettings, TopicSpec, UnavailableError, ensure_topics
from lyceum_database import DatabaseError, MongoSettings, Unavailable, connect
from lyceum_program.errors import StartRefused
from lyceum_program.waiting import patiently


async def create_indexes(mongo: MongoSettings, create: Callable[[], None]) -> str:
    """Connect and create the indexes, waiting a while for the server; returns a line that says so.

    Raises:
        StartRefused: the database does not answer in time, or has an index with other options.
    """
    try:
        connect(mongo)
        await patiently("MongoDB", lambda: asyncio.to_thread(create), (Unavailable,))
    except DatabaseError as exc:
        raise StartRefused(str(exc)) from exc
    return f"indexes are as the models declare in database {mongo.database}"


async def create_topics(kafka: KafkaSettings, topics: Sequence[TopicSpec]) -> str:
    """Create the topics that are missing, waiting a while for Kafka; returns a line that names them.

    Raises:
        StartRefused: Kafka does not answer in time.
        ConfigurationError: Kafka refuses a topic.
    """
    created = await patiently("Kafka", lambda: ensure_topics(kafka, topics), (UnavailableError,))
    if created:
        return f"created {_topics(created)}"
    return f"{_topics([topic.name for topic in topics])} {'exists' if len(topics) == 1 else 'exist'}"


def _topics(names: Sequence[str]) -> str:
    return f"{'topic' if len(names) == 1 else 'topics'} {', '.join(names)}"
