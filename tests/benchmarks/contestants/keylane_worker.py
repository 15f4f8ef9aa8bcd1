"""keylane: key order, at least once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pymongo import MongoClient
from tests.benchmarks.load import TYPE
from tests.benchmarks.recording import while_open

from keylane import Inbox, KafkaSettings, MemoryInbox, Message, RetryPolicy, TopicSpec, Worker, ensure_topics
from keylane.mongo import MongoInbox

if TYPE_CHECKING:
    from tests.benchmarks.recording import Recorder
    from tests.benchmarks.task import Task

INBOX_THREADS = 16
STUCK_KEY = b"key-0-0"
PATIENT = RetryPolicy(max_attempts=1_000_000, cap=timedelta(seconds=1))
"""The default backoff, but a key that fails goes on failing, at least once a second, for as long as a run lasts."""


async def consume(task: Task, recorder: Recorder) -> None:
    """Default settings but for the concurrency asked for."""

    async def note(message: Message) -> None:
        recorder.note(message.partition, message.offset)

    async def note_stamped(message: Message) -> None:
        recorder.stamped(message.partition, message.offset, message.data["at"])

    async def wait(message: Message) -> None:
        await recorder.wait(message.offset)
        recorder.note(message.partition, message.offset)

    async def note_others(message: Message) -> None:
        if message.key != STUCK_KEY:
            recorder.note(message.partition, message.offset)
        elif task.options["stuck"]:
            raise ConnectionError("the server behind this key is away")

    handler = wait if task.waits else note_stamped if task.stamped else note_others if "stuck" in task.options else note
    settings = KafkaSettings(bootstrap_servers=task.bootstrap)
    options = {"concurrency": task.options["concurrency"], "settings": settings, "inbox": _inbox(task)}
    worker = Worker(task.group, [task.topic], {TYPE: handler}, retry=PATIENT, **options)
    own_topics = [TopicSpec(topic, 1) for topic in worker.needed_topics if topic != task.topic]
    await ensure_topics(settings, own_topics)
    await while_open(worker.run(), recorder, task.limit_s, stop=worker.request_stop)


def _inbox(task: Task) -> Inbox:
    if not task.mongodb:
        return MemoryInbox()
    client: MongoClient[dict[str, Any]] = MongoClient(task.mongodb, tz_aware=True)
    inbox = MongoInbox(client.bench[task.group], threads=INBOX_THREADS)
    inbox.create_indexes()
    return inbox
