"""What others wrote is shown in one line that cannot be taken for another, whatever it holds."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keylane import FencedError, MemoryInbox, RetryPolicy
from keylane.health import Health
from keylane.testing import FaultyInbox, times, until
from keylane.wording import MAX_NAME, MAX_WORDS, plain

if TYPE_CHECKING:
    from keylane import Message
    from keylane.testing import Rig

FORGED: Final = "x\nWARNING forged \x1b[2J\r\x85\x9b31m\u2028\u2029\u202e\u2066\ud800\x00end"
SHOWN: Final = (
    r"x\nWARNING forged \x1b[2J\r\x85\x9b31m\u2028\u2029\u202e\u2066\ud800\x00end"  # what an operator sees of it
)


@given(st.text(st.characters(codec=None)))
def test_any_text_is_one_line_that_can_be_written(text: str) -> None:
    shown = plain(text)

    assert len(shown.splitlines()) <= 1
    assert shown.encode().decode() == shown, "no half of a surrogate pair is left"
    assert not set(shown) & {chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))}


def test_what_a_line_cannot_show_is_spelled_and_the_rest_is_untouched() -> None:
    assert plain(FORGED) == SHOWN
    assert plain("Jiří, ಕನ್ನಡ, العربية, \U0001f600 100 %") == "Jiří, ಕನ್ನಡ, العربية, \U0001f600 100 %"
    assert len(plain("x" * 10_000)) == MAX_NAME


def test_a_trouble_is_one_line() -> None:
    health = Health("worker")
    health.trouble("handler", FORGED)
    assert health.why_unready == f"handler: {SHOWN}"
    health.note("handler", FORGED + "y" * 10_000)
    assert health.why_unready.startswith(f"handler: {SHOWN}")
    assert len(health.why_unready) < MAX_WORDS + 100


@pytest.mark.parametrize("asynchronous", [True, False])
async def test_no_line_about_a_message_can_be_taken_for_two(
    memory: Rig, caplog: pytest.LogCaptureFixture, asynchronous: bool
) -> None:
    id_ = FORGED.replace("\ud800", "") + "z" * 300

    def handle(_: Message) -> None:
        raise ValueError(FORGED)

    async def handle_async(message: Message) -> None:
        handle(message)

    await memory.publish(id_, key=b"k\nforged\xff", data={}, type_="made")
    memory.start({"made": handle_async if asynchronous else handle})
    await memory.letters(1)

    told = [record for record in caplog.records if getattr(record, "action", "") in ("failed", "dead_lettered")]
    assert len(told) == 6
    for record in told:
        assert SHOWN.partition(r"\ud800")[0] in record.getMessage(), "the error's words"
        assert len(record.getMessage().splitlines()) == 1
        fields = vars(record)
        assert fields["message_id"].startswith(r"x\nWARNING forged \x1b[2J\r")
        assert len(fields["message_id"]) < MAX_NAME + 60, "clipped, then spelled"
        assert fields["key"] == "k\\nforged\ufffd"


async def test_nor_can_one_about_a_claim_or_a_thread(memory: Rig, caplog: pytest.LogCaptureFixture) -> None:
    inbox, gate = FaultyInbox(MemoryInbox()), threading.Event()

    def fence() -> None:
        raise FencedError(FORGED)

    def handle(_: Message) -> None:
        gate.wait(10)

    inbox.before("renew", fence)
    inbox.before("finish", times(1, lambda: FencedError(FORGED)))
    policy = RetryPolicy(timeout=timedelta(seconds=0.1))
    await memory.publish("e\nforged", data={})
    worker = memory.start({"made": handle}, inbox=inbox, retry=policy, lease=timedelta(seconds=0.3))
    told: set[str] = set()

    def all_told() -> bool:
        told.update(getattr(record, "action", "") for record in caplog.records)
        return {"overrun", "lease_lost"} <= told

    await until(all_told)
    gate.set()
    await until(lambda: worker.counts.fenced == 1)
    await asyncio.sleep(0)

    assert [record for record in caplog.records if getattr(record, "action", "") == "fenced"]
    assert not [record.getMessage() for record in caplog.records if "\n" in record.getMessage()]
