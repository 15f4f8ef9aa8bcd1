"""Publishes outbox entries that are embedded in documents, in order per document, at least once.

A writer appends to `outbox` and sets `outbox_due` in the same write that changes the document. Any number of relays
may run: a document is taken by moving its `outbox_due` into the future, which is the lease.
"""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypedDict

from keylane.arguments import check_count, check_duration
from keylane.errors import BrokerUnavailableError, ConfigurationError, StoreUnavailableError
from keylane.every import Every
from keylane.health import Health
from keylane.kafka import KafkaBroker
from keylane.mongo.calls import Calls
from keylane.mongo.outbox_documents import OutboxDocuments
from keylane.stopping import told_to_end
from keylane.tracing import PublishTracing, tracer_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.trace import TracerProvider
    from pymongo.collection import Collection

    from keylane.broker import Broker
    from keylane.settings import KafkaSettings

log = logging.getLogger("keylane")

BATCH: Final = 100
"""Documents that one relay has in hand at most."""
LOOK_S: Final = 5.0
"""How often the backlog is looked at, in seconds."""


class OutboxEntry(TypedDict):
    """One record to be, as it is embedded in a document's `outbox`; `value` and `key` are UTF-8 text.

    `headers` may carry the context of the span that wrote the entry (`keylane.trace_headers()`): whoever reads the
    record then continues that trace.
    """

    id: str
    type: str
    topic: str
    key: str
    value: str
    headers: dict[str, str]


def utc_now() -> datetime:
    """The default clock."""
    return datetime.now(UTC)


class OutboxRelay:
    """Publishes the due outbox entries of one collection until `stop()`.

    Entries of one document are sent in order, the next only after the one before was acknowledged. A record may be
    published twice (the process died between acknowledgement and removal, or a slow broker outlasted the lease):
    consumers tell by `ce_id`, and first copies are in order. A send without an answer is waited for, never repeated.

    Args:
        collection: Documents with `outbox` (a list of `OutboxEntry`) and `outbox_due` (when it is due; absent when
            the outbox is empty), which needs a sparse index.
        settings: How to reach Kafka.
        broker: Instead of Kafka, for tests.
        topic_prefix: Put in front of every entry's topic: several installations on one Kafka.
        lease: How long a taken document stays with this relay; longer than a send may take.
        interval: Pause between two looks at a collection with nothing due.
        threads: Store calls at one time.
        clock: Aware UTC.
        stop_timeout: `stop()` returns within this.
        tracer_provider: Receives a span per record; None for the global one, if an SDK has set it by now.

    Attributes:
        name: Of the collection.
        published: Entries acknowledged so far.
        backlog: Documents with entries at the last look, every 5 s; 10,000 means so many or more. Replicas that share
            a collection see the same ones.
        oldest_s: Seconds since the oldest entry was written (its `ce_time`) at that look; 0 when there is none.
    """

    def __init__(  # noqa: PLR0913  each option has a name and a default
        self,
        collection: Collection[dict[str, Any]],
        settings: KafkaSettings | None = None,
        *,
        broker: Broker | None = None,
        topic_prefix: str = "",
        lease: timedelta = timedelta(seconds=30),
        interval: timedelta = timedelta(milliseconds=200),
        threads: int = 4,
        clock: Callable[[], datetime] = utc_now,
        stop_timeout: timedelta = timedelta(seconds=15),
        tracer_provider: TracerProvider | None = None,
    ) -> None:
        check_duration("OutboxRelay.lease", lease)
        check_duration("OutboxRelay.interval", interval)
        check_count("OutboxRelay.threads", threads)
        self._documents = OutboxDocuments(collection, lease=lease, clock=clock)
        self._publisher = _broker(settings, broker).publisher()
        self._topic_prefix = topic_prefix
        self._lease = lease
        self._calls = Calls("keylane-outbox", threads)
        self._health = Health(f"outbox {collection.name}")
        self._rounds = Every(
            f"outbox {collection.name}",
            interval,
            self._round,
            stop_timeout=stop_timeout,
            health=self._health,
            part="store",
        )
        self._sending: dict[Any, asyncio.Task[None]] = {}
        tracer = tracer_of(tracer_provider)
        self._tracing = None if tracer is None else PublishTracing(tracer)
        self._looked_at = -LOOK_S
        self.name = collection.name
        self.published = 0
        self.backlog = 0
        self.oldest_s = 0.0

    @property
    def ready(self) -> bool:
        """Whether the store and the broker answered last time."""
        return self._health.ready

    @property
    def why_unready(self) -> str:
        """One line; empty when ready."""
        return self._health.why_unready

    async def run(self) -> None:
        """Relay until `stop()`; servers that are away are waited for."""
        try:
            await self._rounds.run()
        finally:
            await self._shut_down()

    def request_stop(self) -> None:
        """Begin to stop, for signal handlers; sends under way are let finish."""
        self._rounds.request_stop()

    async def stop(self) -> None:
        """Let sends under way finish within the stop timeout; what is not acknowledged by then is published again."""
        await self._rounds.stop()

    async def _round(self) -> None:
        """Take what is due until nothing is."""
        while not self._rounds.stopping:
            if time.monotonic() - self._looked_at >= LOOK_S:
                self.backlog, self.oldest_s = await self._calls.run(self._documents.look)
                self._looked_at = time.monotonic()
            room = BATCH - len(self._sending)
            if room <= 0:
                await asyncio.wait(self._sending.values(), timeout=1.0, return_when=asyncio.FIRST_COMPLETED)
                continue
            taken = await self._calls.run(self._documents.take_due, room, frozenset(self._sending))
            for document in taken:
                self._start(document)
            if not taken:
                return

    # --- one document ------------------------------------------------------------------------------------------

    def _start(self, document: dict[str, Any]) -> None:
        task = asyncio.get_running_loop().create_task(self._publish(document))
        self._sending[document["_id"]] = task
        task.add_done_callback(lambda _: self._sending.pop(document["_id"], None))

    async def _publish(self, document: dict[str, Any]) -> None:
        """Send the entries one after another; an error leaves those that were not acknowledged for later."""
        acknowledged: list[str] = []
        try:
            for entry in document["outbox"]:
                await self._send(document["_id"], entry)
                acknowledged.append(entry["id"])
                self.published += 1
        except BrokerUnavailableError as exc:
            self._health.trouble("broker", str(exc))
        except asyncio.CancelledError as exc:
            if told_to_end():
                raise
            self._broken(document, exc)
        except Exception as exc:  # noqa: BLE001  whatever it is, the other documents are due too
            self._broken(document, exc)
        else:
            self._health.well("broker")
        complete = len(acknowledged) == len(document["outbox"])
        if acknowledged or complete:
            await self._forget(document["_id"], acknowledged, complete=complete)

    def _broken(self, document: dict[str, Any], error: BaseException) -> None:
        self._health.note("broker", f"outbox of {document['_id']}: {type(error).__name__}")
        extra = {"action": "defect"}
        log.error("outbox of %s could not be published", document["_id"], exc_info=error, extra=extra)

    async def _forget(self, document_id: Any, entry_ids: list[str], *, complete: bool) -> None:
        try:
            await self._calls.run(self._documents.remove if complete else self._documents.pull, document_id, entry_ids)
        except StoreUnavailableError as exc:
            self._health.trouble("store", str(exc))

    async def _send(self, document_id: Any, entry: OutboxEntry) -> None:
        topic, headers = self._topic_prefix + entry["topic"], dict(entry["headers"])
        if self._tracing is None:
            await self._sent(document_id, topic, entry, headers)
            return
        with self._tracing.send(topic, key=entry["key"], message_id=entry["id"], headers=headers):
            await self._sent(document_id, topic, entry, headers)

    async def _sent(self, document_id: Any, topic: str, entry: OutboxEntry, headers: dict[str, str]) -> None:
        """Send one entry and wait for its acknowledgement: for the same send, however long, while the lease is kept.

        A store that cannot prolong the lease meanwhile is no reason to give the send up: it may yet be written.
        """
        sent = await self._publisher.send(
            topic,
            key=entry["key"].encode(),
            value=entry["value"].encode(),
            headers=[(name, value.encode()) for name, value in headers.items()],
        )
        while not sent.done():
            await asyncio.wait([sent], timeout=self._lease.total_seconds() / 3)
            if not sent.done():
                if self._rounds.stopping:
                    raise BrokerUnavailableError(f"{topic}: no acknowledgement before the stop")
                self._health.trouble("broker", f"{topic}: no acknowledgement yet")
                await self._prolong(document_id)
        sent.result()

    async def _prolong(self, document_id: Any) -> None:
        try:
            await self._calls.run(self._documents.extend, document_id)
        except StoreUnavailableError as exc:
            self._health.trouble("store", str(exc))

    async def _shut_down(self) -> None:
        if self._sending:
            await asyncio.wait(self._sending.values(), timeout=self._rounds.left_s() * 0.6)
        for task in list(self._sending.values()):
            task.cancel()
        await self._publisher.close(timeout_s=max(0.2, self._rounds.left_s() * 0.5))
        self._calls.close()


def _broker(settings: KafkaSettings | None, broker: Broker | None) -> Broker:
    if broker is not None:
        return broker
    if settings is None:
        raise ConfigurationError("OutboxRelay needs KafkaSettings")
    return KafkaBroker(settings)
