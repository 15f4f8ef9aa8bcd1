"""The log: one structured line per failure, dead letter, lost claim and change; nothing of what messages carry."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keylane
from keylane import Fatal, FencedError, MemoryInbox, RetryPolicy
from keylane.testing import FaultyInbox, times, until

if TYPE_CHECKING:
    import pytest

    from keylane import Message
    from keylane.testing import Rig

FOLDER = Path(keylane.__file__).parent
README = (Path(__file__).parents[1] / "README.md").read_text()
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE_ID}-b7ad6b7169203331-01".encode()
PRIVATE = "card 4111-1111"


def lines(caplog: pytest.LogCaptureFixture, action: str) -> list[dict[str, Any]]:
    return [vars(record) for record in caplog.records if getattr(record, "action", "") == action]


async def test_each_failed_run_and_the_letter_are_one_line_each_with_the_same_fields(
    memory: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "keylane")

    def handle(message: Message) -> None:
        if message.id == "bad":
            raise ValueError("no seat")

    headers = [("traceparent", PARENT), ("authorization", PRIVATE.encode())]
    await memory.publish("bad", key="ann:go", data={"payment": PRIVATE}, headers=headers)
    await memory.publish("good", key="bob:go", data={"payment": PRIVATE}, headers=headers)
    worker = memory.start({"made": handle}, retry=RetryPolicy(max_attempts=3, base=timedelta(milliseconds=20)))
    await until(lambda: worker.counts.dead == 1 and worker.counts.done == 1)
    failed, (dead,) = lines(caplog, "failed"), lines(caplog, "dead_lettered")

    for line in [*failed, dead]:
        assert (line["message_id"], line["type"], line["key"]) == ("bad", "made", "ann:go")
        assert (line["topic"], line["offset"], line["trace_id"]) == ("t", 0, TRACE_ID)
        assert isinstance(line["partition"], int)
    assert [line["attempts"] for line in failed] == [1, 2, 3]
    assert [("retry_in_s" in line) for line in failed] == [True, True, False]
    assert all(0 <= line["retry_in_s"] <= 0.06 for line in failed[:2])
    assert (dead["reason"], dead["attempts"], dead["error_type"]) == ("exhausted", 3, "builtins.ValueError")
    assert not [record for record in caplog.records if "good" in str(vars(record))], "successes are counted, not logged"
    assert not [record for record in caplog.records if PRIVATE in str(vars(record))], "no payload in the log"


async def test_a_record_that_cannot_be_read_is_named_by_its_place(
    memory: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    await memory.publish("e", key=b"\xff", value=f"not JSON, {PRIVATE}".encode())
    worker = memory.start({"made": lambda _: None})
    await until(lambda: worker.counts.dead == 1)
    (dead,) = lines(caplog, "dead_lettered")

    assert (dead["topic"], dead["offset"], dead["key"], dead["reason"]) == ("t", 0, "\ufffd", "undecodable")
    assert "message_id" not in dead
    assert PRIVATE not in str(dead)


async def test_a_fenced_result_is_one_line(memory: Rig, caplog: pytest.LogCaptureFixture) -> None:
    inbox = FaultyInbox(MemoryInbox())
    inbox.before("finish", times(1, lambda: FencedError("overtaken")))
    await memory.publish("e", data={})
    worker = memory.start({"made": lambda _: None}, inbox=inbox, lease=timedelta(milliseconds=200))
    await until(lambda: worker.counts.fenced == 1 and worker.counts.done == 1)
    (line,) = lines(caplog, "fenced")

    assert (line["message_id"], line["type"], line["topic"], line["key"]) == ("e", "made", "t", "k")


async def test_a_fatal_error_says_that_no_run_follows(memory: Rig, caplog: pytest.LogCaptureFixture) -> None:
    def handle(_: Message) -> None:
        raise Fatal("never")

    await memory.publish("e", data={})
    worker = memory.start({"made": handle})
    await until(lambda: worker.counts.dead == 1)
    (line,) = lines(caplog, "failed")

    assert line["message"].endswith("no other follows: Fatal: never")


NAMED = re.compile(r'(?:"action": |\baction=|about_claim\(\w+, |"(?:opened|probed|closed)": )f?"([a-z_{}.]+)"')
"""An action in the code: as an entry of `extra`, an argument, or a value of the circuit's table."""


def test_the_readme_lists_every_action_and_no_other() -> None:
    in_code = {name for path in FOLDER.rglob("*.py") for name in NAMED.findall(path.read_text())}
    table = README.split("| action |", 1)[1].split("\n\n", 1)[0]
    listed = {name for row in table.splitlines()[1:] for name in re.findall(r"`([a-z_{}]+)`", row.split("|")[1])}

    assert {_pattern(name) for name in listed} == {_pattern(name) for name in in_code}
    assert len(listed) > 15


def _pattern(name: str) -> str:
    """What a state or a kind is put into is written with braces on both sides."""
    return re.sub(r"{.*?}", "{}", name)
