"""A replay in bulk: sends overlap, and neither order nor the record of what was done suffers from it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from keylane import BrokerUnavailableError, DeadLetters, LetterState, Selection, letters
from keylane.republishing import MOST_UNDER_WAY, window
from keylane.testing import InMemoryBroker, MemoryRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keylane.broker import Publisher

DIED = datetime(2026, 3, 1, 12, tzinfo=UTC)
LETTERS = 500


class Slow(InMemoryBroker):
    """Acknowledges a replay a moment after it took it, and refuses one of them."""

    def __init__(self, *, refused: int | None = None) -> None:
        super().__init__()
        self.refused = refused
        self.taken: list[bytes] = []
        self.under_way = 0
        self.most = 0
        for name in ("t.g.dlq", "t.g.replay"):
            self.create_topic(name, 1)
        for offset in range(LETTERS):
            record = MemoryRecord("t", 0, offset, 0, b"k%d" % (offset % 7), b"{}", (("ce_id", b"m%d" % offset),))
            why = letters.burial("g", record, reason="fatal", error=ValueError("no"), attempts=1, at=DIED, first=None)
            headers = letters.headers_of_letter("g", record, why, app_version="")
            self.append("t.g.dlq", key=record.key, value=record.value, headers=headers)

    def publisher(self, *, compress: bool = False) -> Publisher:
        del compress
        return SlowPublisher(self)


class SlowPublisher:
    def __init__(self, broker: Slow) -> None:
        self._broker = broker

    async def send(
        self, topic: str, *, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes | None]]
    ) -> asyncio.Future[None]:
        at, loop = self._broker, asyncio.get_running_loop()
        acknowledged: asyncio.Future[None] = loop.create_future()
        number = len(at.taken)
        at.taken.append(dict(headers)["ce_id"] or b"")
        at.under_way += 1
        at.most = max(at.most, at.under_way)

        def settle() -> None:
            at.under_way -= 1
            if number == at.refused:
                acknowledged.set_exception(BrokerUnavailableError("refused"))
            else:
                at.append(topic, key=key, value=value, headers=headers)
                acknowledged.set_result(None)

        loop.call_later(0.002, settle)
        return acknowledged

    async def close(self, *, timeout_s: float) -> None:
        del timeout_s


async def test_without_a_limit_replays_overlap_in_their_order_and_each_is_told() -> None:
    broker, told = Slow(), list[tuple[int, int]]()
    desk = DeadLetters("g", ["t"], broker=broker)
    report = await desk.replay(apply=True, actor="ada", rate=None, progress=lambda *now: told.append(now))

    assert len(report.acted) == LETTERS
    assert broker.taken == [b"m%d" % number for number in range(LETTERS)]
    assert 1 < broker.most <= MOST_UNDER_WAY
    assert told == [(done, LETTERS) for done in range(1, LETTERS + 1)]
    assert await desk.list() == ()


async def test_nothing_is_handed_over_after_a_refusal_and_the_next_run_goes_on() -> None:
    broker, done = Slow(refused=40), list[int]()
    desk = DeadLetters("g", ["t"], broker=broker)
    with pytest.raises(BrokerUnavailableError, match="refused"):
        await desk.replay(apply=True, actor="ada", rate=None, progress=lambda now, _: done.append(now))
    assert len(broker.taken) <= 40 + MOST_UNDER_WAY
    assert done == list(range(1, 41)), "what was acknowledged before it is told"
    await asyncio.sleep(0.01)  # for what was on its way
    written = len(broker.records("t.g.replay"))
    assert written == len(broker.taken) - 1
    broker.refused = None
    rest = await desk.replay(apply=True, actor="ada", rate=None)

    assert len(rest.acted) == LETTERS - written
    replayed = {record.headers[0][1] for record in broker.records("t.g.replay")}
    assert len(broker.records("t.g.replay")) == len(replayed) == LETTERS
    assert len(await desk.list(Selection(states=[LetterState.REPLAYED]))) == LETTERS


def test_a_low_rate_has_one_under_way_and_no_rate_more_than_the_most() -> None:
    assert [window(rate) for rate in (0.1, 10, 100, 1000, 1e9, None)] == [1, 1, 5, 50, MOST_UNDER_WAY, MOST_UNDER_WAY]
