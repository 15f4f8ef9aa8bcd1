"""Deploy steps: create the indexes and the topic that the program only uses, and the keys that it signs with."""

import asyncio

from auth_service import storage
from auth_service.keys import KeysError, rotate
from auth_service.settings import AuthSettings
from auth_service.topics import written_topic
from keylane import UnavailableError, ensure_topics
from lyceum_database import DatabaseError, Unavailable, connect, utc_now
from lyceum_program.errors import StartRefused
from lyceum_program.waiting import patiently


async def create_indexes(settings: AuthSettings) -> str:
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


async def create_topics(settings: AuthSettings) -> str:
    """Create the topic if it is missing; returns a line that names it.

    Raises:
        StartRefused: Kafka does not answer in time.
        ConfigurationError: Kafka refuses it.
    """
    topic = written_topic(settings.topic_prefix)
    created = await patiently("Kafka", lambda: ensure_topics(settings.kafka, [topic]), (UnavailableError,))
    return f"created topic {topic.name}" if created else f"topic {topic.name} exists"


async def rotate_keys(settings: AuthSettings) -> str:
    """Add a signing key, for where no `lyceum` command is at hand; returns a line that names it.

    Raises:
        StartRefused: the key directory cannot be used, or another key is waiting for its turn.
    """
    try:
        key = rotate(settings.keys_directory, now=utc_now()).key
    except KeysError as exc:
        raise StartRefused(str(exc)) from exc
    return f"key {key.kid} signs from {key.starts_at:%Y-%m-%d %H:%M:%S}Z on"
