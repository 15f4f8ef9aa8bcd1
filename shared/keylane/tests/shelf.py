"""Dead letters laid into their topics at once, without a worker that fails: in whatever order a test wants them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from keylane import letters
from keylane.places import letter_id
from keylane.testing import InMemoryBroker, MemoryRecord

if TYPE_CHECKING:
    from keylane.broker import RawHeaders

DIED = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Shelf(InMemoryBroker):
    """Topic `t` of group `g`: two partitions of dead letters, and two of replays."""

    def __init__(self) -> None:
        super().__init__()
        for name in ("t.g.dlq", "t.g.replay"):
            self.create_topic(name, 2)

    def lay(self, offset: int, *, replays: int = 0, partition: int = 0, value: bytes = b"{}", topic: str = "t") -> str:
        """The letter of message `m<offset>`; answers its id."""
        record = source(offset, value, topic)
        why = letters.burial("g", record, reason="fatal", error=ValueError("no"), attempts=1, at=DIED, first=None)
        headers = letters.headers_of_letter("g", record, why, app_version="", replays=replays)
        self.append(f"{topic}.g.dlq", key=record.key, value=value, headers=headers, partition=partition)
        return letter_id("g", record)

    @property
    def replayed(self) -> list[tuple[str, str]]:
        """Message and replay count of what was published again, by partition and offset."""
        return [(text_of(one.headers, "ce_id"), text_of(one.headers, "x-dlq-replay-count")) for one in self._replays]

    @property
    def _replays(self) -> list[MemoryRecord]:
        return self.records("t.g.replay")


def source(offset: int, value: bytes = b"{}", topic: str = "t") -> MemoryRecord:
    """The record that died."""
    return MemoryRecord(topic, 0, offset, 0, b"k%d" % (offset % 7), value, (("ce_id", b"m%d" % offset),))


def text_of(headers: RawHeaders, name: str) -> str:
    """One header as text."""
    return (dict(headers)[name] or b"").decode()
