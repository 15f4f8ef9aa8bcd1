"""Publishes outbox entries that are embedded in documents, in order per document, at least once.

A writer appends to `outbox` and sets `outbox_due` in the same write that changes the document. Any number of relays
may run: a document is taken by moving its `outbox_due` into the future, which is the lease.
"""

from __future__ import annotations

import asyncio
import logging
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypedDict

from keylane.errors import BrokerUnavailableError, ConfigurationError, StoreUnavailableError
from keylane.health import Health
from keylane.kafka import KafkaBroker
from keylane.mongo.calls import Calls
from keylane.retry import outage_delay_s
from keylane.stopping import Stop

if TYPE_CHECKING:
    from collections.abc import Callable

    from pymongo.collection import Collection

    from keylane.broker import Broker
    from keylane.settings import KafkaSettings

log = logging.getLogger("keylane")

BATCH: Final = 100
"""Documents taken per round."""


class OutboxEntry(TypedDict):
    """One record to be, as it is embedded in a document's `outbox`; `value` and `key` are UTF-8 text."""

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
    published twice (the process died between acknowledgement and removal): consumers tell by `ce_id`.

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
    ) -> None:
        if lease <= timedelta(0) or interval <= timedelta(0):
            raise ConfigurationError("OutboxRelay.lease and .interval must be positive durations")
        self._collection = collection
        self._publisher = _broker(settings, broker).publisher()
        self._topic_prefix = topic_prefix
        self._lease = lease
        self._interval_s = interval.total_seconds()
        self._clock = clock
        self._calls = Calls("keylane-outbox", threads)
        self._health = Health(f"outbox {collection.name}")
        self._stop = Stop(stop_timeout.total_seconds())
        self._main: asyncio.Task[None] | None = None
        self._sending: dict[Any, asyncio.Task[None]] = {}
        self._jitter = random.Random()
        self.published = 0

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
        self._main = asyncio.current_task()
        tries = 0
        try:
            while not self._stop.asked:
                try:
                    taken = await self._take()
                except StoreUnavailableError as exc:
                    tries += 1
                    self._health.trouble("store", str(exc))
                    await self._stop.rest(outage_delay_s(tries, jitter=self._jitter))
                    continue
                tries = 0
                self._health.well("store")
                for document in taken:
                    self._start(document)
                if not taken:
                    await self._stop.rest(self._interval_s)
        finally:
            await self._shut_down()

    def request_stop(self) -> None:
        """Begin to stop, for signal handlers; sends under way are let finish."""
        self._stop.request()

    async def stop(self) -> None:
        """Let sends under way finish within the stop timeout; what is not acknowledged by then is published again."""
        await self._stop.join(self._main)

    # --- one document ------------------------------------------------------------------------------------------

    def _start(self, document: dict[str, Any]) -> None:
        task = asyncio.get_running_loop().create_task(self._publish(document))
        self._sending[document["_id"]] = task
        task.add_done_callback(lambda _: self._sending.pop(document["_id"], None))

    async def _publish(self, document: dict[str, Any]) -> None:
        """Send the entries one after another, removing each acknowledged one; an error leaves the rest for later."""
        try:
            for entry in document["outbox"]:
                await self._send(document["_id"], entry)
                self.published += 1
            await self._calls.run(self._remove, document["_id"], [entry["id"] for entry in document["outbox"]])
        except BrokerUnavailableError as exc:
            self._health.trouble("broker", str(exc))
        except StoreUnavailableError as exc:
            self._health.trouble("store", str(exc))
        except Exception as exc:
            self._health.note("broker", f"outbox of {document['_id']}: {type(exc).__name__}")
            log.exception("outbox of %s could not be published", document["_id"], extra={"action": "defect"})
        else:
            self._health.well("broker")

    async def _send(self, document_id: Any, entry: OutboxEntry) -> None:
        """Send one entry and wait for its acknowledgement: for the same send, however long, while the lease is kept."""
        sent = await self._publisher.send(
            self._topic_prefix + entry["topic"],
            key=entry["key"].encode(),
            value=entry["value"].encode(),
            headers=[(name, value.encode()) for name, value in entry["headers"].items()],
        )
        while not sent.done():
            await asyncio.wait([sent], timeout=self._lease.total_seconds() / 3)
            if not sent.done():
                if self._stop.asked:
                    raise BrokerUnavailableError(f"{entry['topic']}: no acknowledgement before the stop")
                self._health.trouble("broker", f"{entry['topic']}: no acknowledgement yet")
                await self._calls.run(self._extend, document_id)
        sent.result()

    # --- in a thread -------------------------------------------------------------------------------------------

    async def _take(self) -> list[dict[str, Any]]:
        room = BATCH - len(self._sending)
        if room <= 0:
            await asyncio.wait(self._sending.values(), timeout=1.0, return_when=asyncio.FIRST_COMPLETED)
            return []
        return await self._calls.run(self._take_due, room, frozenset(self._sending))

    def _take_due(self, room: int, busy: frozenset[Any]) -> list[dict[str, Any]]:
        """Read what is due, then take each by compare-and-set on its due time."""
        now = self._clock()
        due = self._collection.find({"outbox_due": {"$lte": now}}, {"outbox": 1, "outbox_due": 1})
        taken = []
        for document in due.sort("outbox_due", 1).limit(room + len(busy)):
            if document["_id"] in busy:
                continue
            mine = {"_id": document["_id"], "outbox_due": document["outbox_due"]}
            lease = {"$set": {"outbox_due": now + self._lease}}
            if self._collection.update_one(mine, lease).matched_count == 1:
                taken.append({"_id": document["_id"], "outbox": document.get("outbox") or []})
        return taken

    def _extend(self, document_id: Any) -> None:
        later = {"$max": {"outbox_due": self._clock() + self._lease}}
        self._collection.update_one({"_id": document_id, "outbox_due": {"$exists": True}}, later)

    def _remove(self, document_id: Any, entry_ids: list[str]) -> None:
        """Remove what was published; entries added meanwhile stay and are due at once."""
        self._collection.update_one({"_id": document_id}, {"$pull": {"outbox": {"id": {"$in": entry_ids}}}})
        empty = {"_id": document_id, "outbox.0": {"$exists": False}}
        if self._collection.update_one(empty, {"$unset": {"outbox_due": ""}}).matched_count == 0:
            more = {"_id": document_id, "outbox.0": {"$exists": True}}
            self._collection.update_one(more, {"$set": {"outbox_due": self._clock()}})

    async def _shut_down(self) -> None:
        if self._sending:
            await asyncio.wait(self._sending.values(), timeout=self._stop.left_s() * 0.6)
        for task in list(self._sending.values()):
            task.cancel()
        await self._publisher.close(timeout_s=max(0.2, self._stop.left_s() * 0.5))
        self._calls.close()


def _broker(settings: KafkaSettings | None, broker: Broker | None) -> Broker:
    if broker is not None:
        return broker
    if settings is None:
        raise ConfigurationError("OutboxRelay needs KafkaSettings")
    return KafkaBroker(settings)
