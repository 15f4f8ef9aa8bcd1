"""A dead letter that was handed over is waited for, never sent twice."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from keylane import BrokerUnavailableError, letters, mailbox
from keylane.inbox import Burial
from keylane.lane import Head, Outcome
from keylane.mailbox import Mailbox
from keylane.places import letter_id
from keylane.testing import MemoryRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keylane.lane import Lane

AT = datetime(2026, 1, 1, tzinfo=UTC)
BURIAL = Burial("l", letters.FATAL, "builtins.ValueError", "no", "f", 1, AT, AT)
RECORD = MemoryRecord("t", 1, 7, 0, b"k", b"v", ())


class SlowPublisher:
    """Acknowledges when a test says so."""

    def __init__(self) -> None:
        self.sent: list[asyncio.Future[None]] = []

    async def send(
        self, topic: str, *, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes | None]]
    ) -> asyncio.Future[None]:
        self.sent.append(asyncio.get_running_loop().create_future())
        return self.sent[-1]

    async def close(self, *, timeout_s: float) -> None: ...


async def done(_: Lane, __: Head) -> Outcome:
    return Outcome.COMPLETED


async def test_an_unacknowledged_letter_is_not_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "SEND_WAIT_S", 0.01)
    publisher, head = SlowPublisher(), Head(done, "o")
    box = Mailbox(publisher, "g", "")
    for _ in range(3):
        with pytest.raises(BrokerUnavailableError, match="no acknowledgement"):
            await box.send(RECORD, BURIAL, head)
    assert len(publisher.sent) == 1
    publisher.sent[0].set_result(None)
    await box.send(RECORD, BURIAL, head)

    assert len(publisher.sent) == 1


async def test_a_refused_letter_is_sent_again() -> None:
    publisher, head = SlowPublisher(), Head(done, "o")
    box = Mailbox(publisher, "g", "")
    sending = asyncio.create_task(box.send(RECORD, BURIAL, head))
    await asyncio.sleep(0)
    publisher.sent[0].set_exception(BrokerUnavailableError("refused"))
    with pytest.raises(BrokerUnavailableError, match="refused"):
        await sending
    again = asyncio.create_task(box.send(RECORD, BURIAL, head))
    await asyncio.sleep(0)
    publisher.sent[1].set_result(None)
    await again


def test_a_letters_id_depends_on_group_and_place_only() -> None:
    same = MemoryRecord("t", 1, 7, 99, None, None, (("other", b"1"),))
    elsewhere = MemoryRecord("t", 1, 8, 0, b"k", b"v", ())

    assert letter_id("g", RECORD) == letter_id("g", same)
    assert len({letter_id("g", RECORD), letter_id("h", RECORD), letter_id("g", elsewhere)}) == 3
