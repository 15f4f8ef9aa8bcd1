"""What keylane's own contract tests stand on, for tests of handlers too: publish, run workers, read dead letters."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from keylane.memory import MemoryInbox
from keylane.places import dead_letter_topic, replay_topic
from keylane.retry import RetryPolicy
from keylane.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from keylane.broker import Broker, Publisher, Record
    from keylane.message import Handler
    from keylane.settings import KafkaSettings

NO_WAIT: Final = RetryPolicy(base=timedelta(0))
"""The default attempts, one right after the other."""


@dataclass
class Rig:
    """A topic with its dead letters on some broker, and the workers started on it.

    Attributes:
        broker: Kafka or in memory.
        settings: Of every worker started here.
        topic: Must exist, as must its dead-letter and its replay topic (`topics` names all three).
        publisher: Writes the events; close it with the rig.
        group: Of every worker started here.
        workers: Those started, with their tasks.
    """

    broker: Broker
    settings: KafkaSettings
    topic: str
    publisher: Publisher
    group: str = "g"
    workers: list[tuple[Worker, asyncio.Task[None]]] = field(default_factory=list)

    @property
    def dead_letter_topic(self) -> str:
        """Where the group's letters of this topic rest."""
        return dead_letter_topic(self.topic, self.group)

    @property
    def replay_topic(self) -> str:
        """Where the group reads letters again."""
        return replay_topic(self.topic, self.group)

    @property
    def topics(self) -> tuple[str, str, str]:
        """All topics that a worker of this rig needs."""
        return self.topic, self.dead_letter_topic, self.replay_topic

    async def publish(
        self,
        id_: str | None,
        *,
        key: str | bytes | None = "k",
        type_: str = "made",
        data: Any = None,
        value: bytes | None = None,
        headers: Sequence[tuple[str, bytes | None]] = (),
    ) -> None:
        """One event in binary mode; `value` replaces the JSON of `data`."""
        body = value if value is not None or data is None else json.dumps(data).encode()
        own = [] if id_ is None else [("ce_id", id_.encode()), ("ce_type", type_.encode())]
        await self.publish_raw(key.encode() if isinstance(key, str) else key, body, [*own, *headers])

    async def publish_raw(
        self, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes | None]]
    ) -> None:
        """Any bytes at all."""
        await (await self.publisher.send(self.topic, key=key, value=value, headers=headers))

    def worker(self, handlers: Mapping[str, Handler], **options: Any) -> Worker:
        """A worker of this topic, not yet running; retries do not wait unless the test says so."""
        defaults: dict[str, Any] = {"inbox": MemoryInbox(), "retry": NO_WAIT}
        options = {**defaults, "settings": self.settings, "broker": self.broker, **options}
        return Worker(self.group, [self.topic], handlers, **options)

    def start(self, handlers: Mapping[str, Handler], **options: Any) -> Worker:
        """A worker of this topic, running."""
        worker = self.worker(handlers, **options)
        self.workers.append((worker, asyncio.create_task(worker.run())))
        return worker

    async def stop(self) -> None:
        """Stop every worker; an error of one of them is the test's."""
        for worker, running in self.workers:
            await worker.stop()
            await running
        self.workers.clear()

    async def letters(self, count: int, *, timeout_s: float = 15.0) -> list[Record]:
        """The dead letters, once there are at least `count`."""
        return await self.read(self.dead_letter_topic, count, timeout_s=timeout_s)

    async def read(self, topic: str, count: int, *, timeout_s: float = 15.0) -> list[Record]:
        """What a topic holds, once it is at least `count`."""
        async with asyncio.timeout(timeout_s):
            while True:
                found = [record async for record in self.broker.scan(topic)]
                if len(found) >= count:
                    return found
                await asyncio.sleep(0.02)
