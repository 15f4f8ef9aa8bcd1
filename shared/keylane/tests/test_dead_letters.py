"""I7: what is dead keeps its bytes, what cannot be written is not lost, neighbours are unharmed."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from keylane import DeadLetters, Fatal, MemoryInbox, Message, Selection, membership, processor
from keylane.letters import MAX_MESSAGE_BYTES, clipped
from keylane.testing import API_PRODUCE, FaultyInbox, InMemoryBroker, until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keylane.testing import MemoryRecord, MockCluster, Rig

Headers = list[tuple[str, bytes | None]]
GOOD: Headers = [("ce_id", b"x"), ("ce_type", b"made")]
STRUCTURED: Headers = [("content-type", b"application/cloudevents+json; charset=utf-8")]

POISON: list[tuple[str, bytes | None, bytes | None, Sequence[tuple[str, bytes | None]], str]] = [
    ("not UTF-8", b"k", b"\xff\xfe", GOOD, "not UTF-8"),
    ("not JSON", b"k", b"{", GOOD, "not JSON"),
    ("no object", b"k", b"[1]", GOOD, "expected an object"),
    ("NaN", b"k", b'{"a": NaN}', GOOD, "NaN is not JSON"),
    ("nested too deep", b"k", b"[" * 200_000, GOOD, "not JSON"),
    ("a number of 10,000 digits", b"k", b'{"a": ' + b"9" * 10_000 + b"}", GOOD, "not JSON"),
    ("null value", b"k", None, GOOD, "null"),
    ("null key and value", None, None, GOOD, "null"),
    ("no headers", b"k", b"{}", [], "ce_id is missing"),
    ("no id", b"k", b"{}", GOOD[1:], "ce_id is missing"),
    ("empty id", b"k", b"{}", [("ce_id", b""), GOOD[1]], "ce_id is missing"),
    ("null id", b"k", b"{}", [("ce_id", None), GOOD[1]], "ce_id is missing"),
    ("id too long", b"k", b"{}", [("ce_id", b"x" * 513), GOOD[1]], "513 bytes"),
    ("id of few and long characters", b"k", b"{}", [("ce_id", "\U0001f600".encode() * 129), GOOD[1]], "516 bytes"),
    ("no type", b"k", b"{}", GOOD[:1], "ce_type is missing"),
    ("wrong header bytes", b"k", b"{}", [("ce_id", b"\xff"), GOOD[1]], "ce_id is not UTF-8"),
    ("wrong time", b"k", b"{}", [*GOOD, ("ce_time", b"yesterday")], "RFC 3339"),
    ("a time before time", b"k", b"{}", [*GOOD, ("ce_time", b"0001-01-01T00:00:00+14:00")], "RFC 3339"),
    ("a time after time", b"k", b"{}", [*GOOD, ("ce_time", b"9999-12-31T23:59:59-14:00")], "RFC 3339"),
    ("half a surrogate", b"k", b'{"id": "\\ud800", "type": "made", "data": {}}', STRUCTURED, "surrogate"),
    ("wrong version", b"k", b"{}", [*GOOD, ("ce_specversion", b"9.0")], "ce_specversion"),
    ("not JSON by its own word", b"k", b"{}", [*GOOD, ("content-type", b"text/plain")], "text/plain"),
    ("structured without data", b"k", b'{"id": "x", "type": "made"}', STRUCTURED, "data"),
    ("structured with a wrong id", b"k", b'{"id": 1, "type": "made", "data": {}}', STRUCTURED, "id is no string"),
]


@pytest.mark.parametrize(
    ("key", "value", "headers", "words"), [row[1:] for row in POISON], ids=[row[0] for row in POISON]
)
async def test_a_poison_pill_is_dead_with_its_bytes_and_its_neighbours_live(
    memory: Rig, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes | None]], words: str
) -> None:
    runs: list[str] = []
    await memory.publish("before", key=key, data={})
    await memory.publish_raw(key, value, headers)
    await memory.publish("after", key=key, data={})
    worker = memory.start({"made": lambda message: runs.append(message.id)})
    await until(lambda: worker.counts.done == 2 and worker.counts.dead == 1)
    (letter,) = await memory.letters(1)

    assert sorted(runs) == ["after", "before"]
    assert (letter.key, letter.value) == (key, value)
    assert [pair for pair in letter.headers if not pair[0].startswith("x-dlq-")] == list(headers)
    assert dict(letter.headers)["x-dlq-reason"] == b"undecodable"
    assert words in (dict(letter.headers)["x-dlq-error-msg"] or b"").decode()


async def test_every_poison_pill_keeps_its_bytes_over_the_wire(mock: Rig) -> None:
    for _, key, value, headers, _ in POISON:
        await mock.publish_raw(key, value, headers)
    big = b'{"a": "' + b"x" * 1_000_000
    await mock.publish_raw(b"big", big, GOOD)
    await mock.publish("last", data={})
    worker = mock.start({"made": lambda _: None})
    await until(lambda: worker.counts.done == 1 and worker.counts.dead == len(POISON) + 1)
    letters = await mock.letters(len(POISON) + 1)

    def rest(headers: Sequence[tuple[str, bytes | None]]) -> tuple[tuple[str, bytes | None], ...]:
        return tuple(pair for pair in headers if not pair[0].startswith("x-dlq-"))

    got = [(letter.key, letter.value, rest(letter.headers)) for letter in letters]
    wanted = [(key, value, tuple(headers)) for _, key, value, headers, _ in POISON] + [(b"big", big, tuple(GOOD))]
    assert sorted(got, key=repr) == sorted(wanted, key=repr)


async def test_structured_mode_is_accepted_with_its_attributes_as_headers(rig: Rig) -> None:
    seen: list[Message] = []
    envelope = {
        "specversion": "1.0",
        "id": "s",
        "type": "made",
        "source": "/shop",
        "time": "2026-01-02T03:04:05+01:00",
        "orgid": "acme",
        "data": {"n": 1},
    }
    await rig.publish_raw(b"k", json.dumps(envelope).encode(), STRUCTURED)
    worker = rig.start({"made": seen.append})
    await until(lambda: worker.counts.done == 1)
    (message,) = seen

    assert (message.id, message.source, message.data) == ("s", "/shop", {"n": 1})
    assert message.headers["ce_orgid"] == b"acme"
    assert message.time is not None
    assert message.time.isoformat() == "2026-01-02T02:04:05+00:00"


async def test_a_dead_letter_that_cannot_be_written_is_not_lost(memory: Rig) -> None:
    broker = memory.broker
    assert isinstance(broker, InMemoryBroker)
    broker.fail_sends(memory.dead_letter_topic)
    runs: list[int] = []

    def handle(message: Message) -> None:
        runs.append(message.attempt)
        raise ValueError("no")

    await memory.publish("bad", data={})
    await memory.publish_raw(b"other", b"\xff", GOOD)
    worker = memory.start({"made": handle})
    await until(lambda: "dead letters" in worker.why_unready)
    await asyncio.sleep(0.3)
    assert worker.counts.dead == 0
    assert not any(broker.committed(memory.group).values()), "completed without its letter"
    broker.allow_sends(memory.dead_letter_topic)
    await until(lambda: worker.counts.dead == 2 and worker.ready)

    assert runs == [1, 2, 3, 4, 5], "an unwritable letter must not run the handler again"
    assert len(broker.records(memory.dead_letter_topic)) == 2


async def test_produce_errors_of_the_dead_letter_topic_are_survived(mock: Rig, cluster: MockCluster) -> None:
    await mock.publish("bad", data={})
    cluster.fail_next(API_PRODUCE, [29, 29, 29])  # TOPIC_AUTHORIZATION_FAILED: surfaces to the caller
    worker = mock.start({"made": _fail})
    await until(lambda: worker.counts.dead == 1 and worker.ready)
    cluster.clear_failures(API_PRODUCE)

    assert len(await mock.letters(1)) == 1


async def test_a_crash_between_a_letter_and_its_mark_gives_one_logical_letter(
    memory: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "INTERRUPT_S", 0.05)  # nothing to wait for in what never answers
    monkeypatch.setattr(membership, "LET_GO_S", 0.05)
    inbox = FaultyInbox(MemoryInbox())
    inbox.before("dead", _never)
    await memory.publish("bad", data={})
    worker = memory.start({"made": _fail}, inbox=inbox)
    await until(lambda: inbox.calls["dead"] == 1)
    _, running = memory.workers.pop()
    assert worker._main is not None
    worker._main.cancel()  # no farewell, as in a crash
    await asyncio.wait([running, worker._main], timeout=5)
    inbox.clear()
    for entry in inbox._inbox._entries.values():  # type: ignore[attr-defined]  # the lease of the dead runs out
        entry.lease_until = 0.0
    second = memory.start({"made": _fail}, inbox=inbox)
    await until(lambda: second.counts.dead == 1)
    letters = await memory.letters(2)

    assert second.counts.failed == 0
    assert len({dict(letter.headers)["x-dlq-id"] for letter in letters}) == 1


async def test_whatever_decoding_meets_is_the_records_own(memory: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def decode(record: MemoryRecord) -> None:
        raise MemoryError(record.offset)

    monkeypatch.setattr(processor, "decode", decode)
    await memory.publish("e", data={})
    worker = memory.start({"made": lambda _: None})
    await until(lambda: worker.counts.dead == 1)


def test_an_error_message_is_cut_between_characters() -> None:
    text = clipped("é" * 1000)

    assert len(text.encode()) == MAX_MESSAGE_BYTES
    assert set(text) == {"é"}


def _fail(_: Message) -> None:
    raise ValueError("no")


async def _never() -> None:
    await asyncio.Event().wait()


async def test_an_operator_sees_each_letter_once_with_its_cause(rig: Rig) -> None:
    def handle(message: Message) -> None:
        raise (Fatal("a") if message.data["fatal"] else ValueError("b"))

    for number in range(3):
        await rig.publish(f"e{number}", key=f"k{number}", data={"fatal": number == 0}, headers=[("trace", b"\xff")])
    await rig.publish_raw(b"k", b"\xff", GOOD)
    worker = rig.start({"made": handle})
    await until(lambda: worker.counts.dead == 4)
    twice = (await rig.letters(4))[0]  # as after a crash between the letter and its mark
    again = await rig.publisher.send(rig.dead_letter_topic, key=twice.key, value=twice.value, headers=twice.headers)
    await again
    letters = DeadLetters(rig.group, [rig.topic], broker=rig.broker)
    found = await letters.list()

    assert len(found) == 4
    assert {letter.message_id for letter in found} == {"e0", "e1", "e2", "x"}
    assert [letter.attempts for letter in await letters.list(Selection(reason="exhausted"))] == [5, 5]
    histogram = await letters.histogram()
    assert sorted(histogram.values()) == [1, 1, 2]
    assert next(iter(histogram)).error_type == "builtins.ValueError"
    shown = await letters.show(found[0].id)
    assert shown == replace(found[0], value=shown.value if shown else None)
    assert await letters.show("unknown") is None
    (undecodable,) = [one async for one in letters.whole(await letters.list(Selection(reason="undecodable")))]
    assert (undecodable.key, undecodable.value, list(undecodable.headers)) == (b"k", b"\xff", GOOD)


BROKEN: Headers = [
    ("x-dlq-partition", b"first"),
    ("x-dlq-attempts", None),
    ("x-dlq-last-failed-at", b"yesterday"),
    ("x-dlq-first-failed-at", b"0001-01-01T00:00:00+14:00"),
    ("x-dlq-offset", b"9" * 5000),
    ("x-dlq-replay-count", b"often"),
    ("x-dlq-replay-count", b"1" + b"0" * 30),
    ("x-dlq-replay-count", b"-5"),
    ("x-dlq-attempts", b"-1"),
    ("x-dlq-partition", b"-1"),
    ("x-dlq-id", b"\x1b[31mforeign"),
    ("x-dlq-topic", b"another"),
    ("x-dlq-topic", b"\x1b]0;title\x07other"),
]


async def test_a_record_that_is_no_letter_does_not_hide_the_letters(
    memory: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    await memory.publish_raw(b"k", b"\xff", GOOD)
    worker = memory.start({"made": lambda _: None})
    await until(lambda: worker.counts.dead == 1)
    (letter,) = await memory.letters(1)
    foreign: list[Headers] = [[], [("x-dlq-id", b"a")]]
    broken = [[*letter.headers, pair] for pair in BROKEN]  # of two headers of one name the last one counts
    for headers in foreign + broken:
        await (await memory.publisher.send(memory.dead_letter_topic, key=b"k", value=b"", headers=headers))
    found = await DeadLetters(memory.group, [memory.topic], broker=memory.broker).list()

    assert [one.message_id for one in found] == ["x"]
    assert len([record for record in caplog.records if record.action == "foreign_letter"]) == len(BROKEN) + 2  # type: ignore[attr-defined]  # set by keylane
    assert f"{memory.dead_letter_topic}-" in caplog.text
    assert all(sign.isprintable() for record in caplog.records for sign in record.getMessage())


async def test_an_id_of_as_many_bytes_as_an_index_takes_is_an_id(memory: Rig) -> None:
    await memory.publish("\U0001f600" * 128, data={})
    await memory.publish("x" * 512, data={})
    worker = memory.start({"made": lambda _: None})
    await until(lambda: worker.counts.done == 2)
