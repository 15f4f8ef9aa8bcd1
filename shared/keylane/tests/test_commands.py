"""`keylane dlq`: what an operator types, sees, and gets as an exit code."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click
import mongomock
import pytest
from pymongo import MongoClient

from keylane import BrokerUnavailableError, DeadLetters, LetterState, MemoryInbox, letters
from keylane.commands import Refusal, dead_letter_commands, options, printing, text
from keylane.commands.program import keylane, main
from keylane.commands.progress import Progress
from keylane.dead_letter import read_letter
from keylane.mongo import MongoInbox
from keylane.testing import InMemoryBroker, MemoryRecord, until

from .shelf import Shelf

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from keylane import Message
    from keylane.commands import Given
    from keylane.testing import Rig

DIED = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Shell:
    """Runs command lines beside the loop, and gives back what they printed."""

    def __init__(self, rig: Rig, capsys: pytest.CaptureFixture[str], inbox: MongoInbox) -> None:
        self._rig = rig
        self.inbox = inbox
        self._capsys = capsys
        self.err = ""

    def arguments(self, *words: str) -> list[str]:
        where = ["--group", self._rig.group, "--topic", self._rig.topic]
        return ["dlq", *words, *where, "--kafka", self._rig.settings.bootstrap_servers]

    async def __call__(self, *words: str, code: int = 0) -> str:
        self._capsys.readouterr()
        ended = await asyncio.to_thread(main, self.arguments(*words))
        out, self.err = self._capsys.readouterr()
        assert ended == code, self.err
        return out


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What every client of the commands sees."""
    client: Any = mongomock.MongoClient(tz_aware=True)
    monkeypatch.setattr("keylane.commands.servers.MongoClient", lambda *_, **__: client)
    monkeypatch.setattr(client, "close", lambda: None)
    monkeypatch.setenv("MONGODB_URI", "mongodb://somewhere/shop")
    monkeypatch.setenv("MONGODB_DATABASE", "shop")
    monkeypatch.setenv("COLUMNS", "500")
    return client.shop


@pytest.fixture
async def shell(mock: Rig, capsys: pytest.CaptureFixture[str], database: Any) -> AsyncIterator[Shell]:
    """Two letters of a handler that fails, and one of bytes that are no event."""
    inbox = MongoInbox(database.inbox)
    inbox.create_indexes()
    await mock.publish("m1", key="k1", data={"amount": 17, "name": "Zoë"}, headers=[("trace", b"\xff\x00")])
    await mock.publish("m2", key="k2", data={})
    await mock.publish_raw(b"\xfe", b"\xff\x00raw", [("ce_id", b"raw"), ("ce_type", b"made")])
    worker = mock.start({"made": _fail}, inbox=inbox)
    await until(lambda: worker.counts.dead == 3)
    await mock.stop()
    yield Shell(mock, capsys, inbox)
    inbox.close()


def _fail(message: Message) -> None:
    raise ValueError(f"no seat for {message.id}\n\x1b[2J")


async def test_letters_are_listed_shown_counted_replayed_and_discarded(shell: Shell, mock: Rig, database: Any) -> None:
    listed = await shell("list")
    assert len(listed.splitlines()) == 5, listed
    assert listed.splitlines()[0].split() == [
        "letter",
        "state",
        "replays",
        "died",
        "place",
        "key",
        "message",
        "reason",
        "error",
    ]
    assert listed.endswith("3 dead letters.\n")
    assert "ValueError: no seat for m1\\n\\x1b[2J" in listed, "what a stranger wrote moves no cursor"
    assert "0xfe" in listed

    one = json.loads((await shell("list", "--message", "m1", "--json")).strip())
    shown = await shell("show", one["id"][:10])
    for words in (
        "state         open",
        "Traceback (most recent call last):",
        "0xff00",
        '"name": "Zoë"',
        "k1",
        "last failed",
    ):
        assert words in shown, shown
    undecodable = await shell("show", json.loads(await shell("list", "--reason", "undecodable", "--json"))["id"])
    assert "00000000  ff 00 72 61 77                                   ..raw" in undecodable
    assert "not kept" in undecodable

    counted = await shell("histogram")
    assert [line.split()[0] for line in counted.splitlines()] == ["letters", "2", "1"]

    planned = await shell("replay", "--error", "ValueError")
    assert "Would do so with 2 letters, and leave 0. Nothing was changed: --apply does it." in planned
    assert await mock.read(mock.replay_topic, 0) == []
    done = await shell("replay", "--error", "ValueError", "--apply", "--why", "fixed", "--actor", "ada")
    assert "Done with 2 letters in run " in done
    assert len(await mock.read(mock.replay_topic, 0)) == 2
    assert "by ada at" in await shell("show", one["id"])

    report = json.loads(await shell("discard", "--all", "--yes", "--why", "a test", "--json"))
    assert [(step["message_id"], step["action"]) for step in report["steps"]] == [("raw", "discard")]
    assert await shell("list") == "0 dead letters.\n"
    assert await shell("histogram") == "0 dead letters.\n"
    assert sorted(found["state"] for found in database.dead_letters.find()) == ["discarded", "replayed", "replayed"]
    answer = "No letter fits.\nNot meant unless --state or an id names them: 1 discarded, 2 replayed.\n"
    assert await shell("replay", "--all", "--force") == answer


async def test_what_was_done_to_a_letter_is_shown_with_who_when_and_why(shell: Shell) -> None:
    """Just where it matters, of a letter that came back: the mark of an earlier replay is no state of it."""
    one = json.loads(await shell("list", "--message", "m1", "--json"))["id"]
    assert "what was done\n  nothing\n" in await shell("show", one)
    for actor, why in (("ada", "first try"), ("bob", "second \N{SNOWMAN}")):
        await shell("replay", one, "--apply", "--force", "--actor", actor, "--why", why)
    shown = await shell("show", one)
    entries = shown.partition("what was done\n")[2].splitlines()[:2]

    assert [entry.partition("Z  ")[2].partition(" in run ")[0] for entry in entries] == [
        "replayed by ada",
        "replayed by bob",
    ]
    assert [entry.partition(": ")[2] for entry in entries] == ["first try", "second \N{SNOWMAN}"]
    assert all(entry.startswith(f"  {datetime.now(UTC):%Y-%m-%d}") for entry in entries)
    document = json.loads(await shell("show", one, "--json"))
    assert [(each["what"], each["actor"], each["why"]) for each in document["history"]] == [
        ("replayed", "ada", "first try"),
        ("replayed", "bob", "second \N{SNOWMAN}"),
    ]
    assert await shell("show", one, "--mongodb-uri", "") != shown, "without an index the replay topic knows"
    assert "replayed by ada" in await shell("show", one, "--mongodb-uri", "")


async def test_of_a_replayed_letter_it_is_listed_how_often_and_what_became_of_it(shell: Shell, mock: Rig) -> None:
    planned = await shell("replay", "--message", "m1")
    assert planned.splitlines()[0].split() == ["letter", "what", "place", "message"], "no notes, no column of them"
    await shell("replay", "--message", "m1", "--apply")
    rows = (await shell("list", "--state", "replayed")).splitlines()
    assert rows[1].split()[1:4] == ["replayed,", "dead", "1"]
    worker = mock.start({"made": lambda _: None}, inbox=shell.inbox)
    await until(lambda: worker.counts.done == 1)
    await mock.stop()

    rows = (await shell("list", "--state", "replayed")).splitlines()
    assert rows[1].split()[1:4] == ["replayed,", "done", "1"]
    left = (await shell("replay", "--message", "m1", "--state", "replayed")).splitlines()
    assert left[0].split() == ["letter", "what", "place", "message", "note"]


async def test_a_replay_and_a_discard_may_be_limited(shell: Shell, mock: Rig) -> None:
    assert "Would do so with 1 letter, and leave 0." in await shell("replay", "--all", "--limit", "1")
    assert "Would do so with 3 letters, and leave 0." in await shell("replay", "--all", "--limit", "3")
    await shell("replay", "--error", "ValueError", "--limit", "1", "--apply")
    assert len(await mock.read(mock.replay_topic, 0)) == 1
    await shell("discard", "--all", "--limit", "1", "--apply", "--why", "a test")
    assert (await shell("list")).endswith("\n1 dead letter.\n")


async def test_a_table_fits_the_terminal_by_its_last_column(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = (await shell("list")).splitlines()
    narrowest = max(len(line) for line in wide[:-1]) - 10
    monkeypatch.setenv("COLUMNS", str(narrowest))
    fitted = (await shell("list")).splitlines()
    assert max(len(line) for line in fitted[:-1]) == narrowest
    assert any(line.endswith("...") for line in fitted)
    monkeypatch.setenv("COLUMNS", "40")
    assert all(line.split()[:7] == whole.split()[:7] for line, whole in zip(await _lines(shell), wide, strict=True)), (
        "an id, a place or a key that is cut could not be copied"
    )


async def _lines(shell: Shell) -> list[str]:
    return (await shell("list")).splitlines()


async def test_what_cannot_be_done_is_one_line_and_exit_code_2(shell: Shell) -> None:
    refusals = {
        ("show", "zzz"): "no dead letter has the id zzz",
        ("show", "z\udcff\x1b"): "no dead letter has the id z\\xff\\x1b",
        ("list", "--until", "z\udcff"): r"Invalid value for '--until': 'z\xff'",
        ("list", "--topic", "\udcff"): r"topic \xff.",
        ("replay", "zzz"): "no dead letter has the id zzz",
        ("replay",): "say which letters: their ids, options that they fit, or --all.",
        ("replay", "--all", "--message", "m"): "say which letters",
        ("discard", "--all", "--apply"): "say why these letters are discarded",
        ("replay", "--all", "--limit", "0"): "Invalid value for '--limit'",
        ("list", "--since", "yesterday"): "Invalid value for '--since': 'yesterday': give a time such as",
        ("list", "--topic", "absent"): "topic absent.",
        ("replay", "--all", "--apply", "--why", "x\udcff"): "the reason is no text",
        ("discard", "--all", "--apply", "--why", "x", "--actor", "\x1b[31m"): "the actor is no text",
        ("discard", "--all", "--apply", "--why", "x" * 2000): "the reason has 2,000 characters",
        ("list", "--inbox", "$x"): "no collection can be named '$x'",
        ("list", "--marks", "a..b"): "no collection can be named 'a..b'",
        ("replay", "--all", "--rate", "0"): "Invalid value for '--rate'",
    }
    for words, said in refusals.items():
        assert await shell(*words, code=2) == ""
        assert shell.err.startswith("error: "), shell.err
        assert said in shell.err
        assert shell.err.count("\n") == 1, shell.err


def test_an_address_that_cannot_work_is_refused_without_its_password(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MONGODB_DATABASE", raising=False)
    for uri, said in (("mongodb://u:secret@h:port", "MONGODB_URI cannot be used"), ("mongodb://h", "which database?")):
        where = ["--group", "g", "--topic", "t", "--kafka", "h:1", "--mongodb-uri", uri]
        assert main(["dlq", "list", *where]) == 2
        err = capsys.readouterr().err
        assert said in err
        assert "secret" not in err
    where = ["--group", "g", "--topic", "t", "--kafka", "h:abc"]
    assert main(["dlq", "list", *where]) == 2
    assert "KAFKA_BOOTSTRAP holds 'h:abc'" in capsys.readouterr().err
    tls = [*where[:-1], "h:1", "--security-protocol", "SSL", "--ca-file", "/none.pem"]
    assert main(["dlq", "list", *tls]) == 2
    assert "KAFKA_CA_FILE /none.pem" in capsys.readouterr().err


async def test_a_store_that_is_away_is_given_up_in_one_line(
    shell: Shell, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    del database  # in whose place a real client looks for a server
    monkeypatch.setattr("keylane.commands.servers.MongoClient", MongoClient)
    monkeypatch.setattr("keylane.commands.servers._GIVE_UP_MS", 200)
    monkeypatch.setenv("MONGODB_URI", "mongodb://ada:secret@127.0.0.1:9/shop")
    for words in (("list",), ("replay", "--all", "--apply"), ("discard", "--all")):
        assert await shell(*words, code=2) == ""
        assert shell.err.startswith("error: MongoDB does not answer: 127.0.0.1:9"), shell.err
        assert shell.err.count("\n") == 1
        assert "secret" not in shell.err


def test_a_server_that_is_away_is_given_up_in_one_line() -> None:
    where = ["--group", "g", "--topic", "t", "--kafka", "127.0.0.1:9"]
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-m", "keylane", "dlq", "list", *where],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: Kafka does not answer: 127.0.0.1:9")
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert time.monotonic() - began < 20


def test_every_command_has_help_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    group = keylane.commands["dlq"]
    assert isinstance(group, click.Group)
    assert list(group.commands) == ["list", "show", "histogram", "replay", "discard"]
    for name in group.commands:
        assert main(["dlq", name, "--help"]) == 0
        assert f"keylane dlq {name} --group mailer --topic orders" in capsys.readouterr().out
    assert main([]) == 2
    assert main(["dlq", "lose"]) == 2
    assert "No such command 'lose'. See `keylane dlq --help`." in capsys.readouterr().err


class Faltering(InMemoryBroker):
    """Goes away after it has taken one replay."""

    def check_sends(self, topic: str) -> None:
        super().check_sends(topic)
        if topic == "t.g.replay" and self.records(topic):
            raise BrokerUnavailableError("gone away")


class OneBroker:
    """A connection as another program may bring it."""

    options = (click.Option(["--shop"]),)

    def __init__(self, broker: InMemoryBroker) -> None:
        self._broker = broker
        self.given: list[Given] = []

    @asynccontextmanager
    async def open(self, given: Given) -> AsyncIterator[DeadLetters]:
        self.given.append(given)
        yield DeadLetters("g", ["t"], broker=self._broker)


def test_a_server_that_goes_away_half_way_leaves_word_of_how_to_go_on() -> None:
    broker = Faltering()
    for name in ("t.g.dlq", "t.g.replay"):
        broker.create_topic(name, 1)
    for offset in range(3):
        record = MemoryRecord("t", 0, offset, 0, b"k", b"{}", (("ce_id", b"m%d" % offset),))
        why = letters.burial("g", record, reason="fatal", error=ValueError("no"), attempts=1, at=DIED, first=None)
        headers = letters.headers_of_letter("g", record, why, app_version="")
        broker.append("t.g.dlq", key=b"k", value=b"{}", headers=headers)
    connection = OneBroker(broker)
    dlq = dead_letter_commands(connection, program="shop dlq")
    with pytest.raises(Refusal, match=r"^gone away; 1 of 3 letters replayed: run it again, it goes on$"):
        dlq.main(["replay", "--all", "--apply", "--shop", "north"], standalone_mode=False)

    assert connection.given == [{"shop": "north"}]
    assert "shop dlq replay --all" in (dlq.commands["replay"].epilog or "")


async def test_a_replay_that_is_killed_goes_on_where_it_was(mock: Rig) -> None:
    """Kill -9 in the middle, and start it again: each letter is published once."""
    await _killed_and_started_again(mock, {})


@pytest.mark.wire
async def test_a_replay_that_is_killed_goes_on_where_it_was_on_real_servers(kafka: Rig) -> None:
    uri = os.environ["MONGODB_URI"]  # noqa: TID251  the wire tests' one setting
    await _killed_and_started_again(kafka, {"MONGODB_URI": uri, "MONGODB_DATABASE": f"shop{os.getpid()}"})


async def _killed_and_started_again(rig: Rig, environment: dict[str, str]) -> None:
    count = 40
    for number in range(count):
        await rig.publish(f"m{number}", key=f"k{number}", type_="unknown", data={})
    worker = rig.start({"made": print})
    await until(lambda: worker.counts.dead == count)
    await rig.stop()
    where = ["--group", rig.group, "--topic", rig.topic, "--kafka", rig.settings.bootstrap_servers]
    command = [sys.executable, "-m", "keylane", "dlq", "replay", "--all", "--apply", "--json", "--actor", "ada", *where]
    inherited = {name: value for name, value in os.environ.items() if name != "MONGODB_URI"}  # noqa: TID251  handed on
    first = _started([*command, "--rate", "40"], inherited | environment)
    try:
        await rig.read(rig.replay_topic, 5)
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    published = len(await rig.read(rig.replay_topic, 0))
    assert published < count, "it was killed too late to tell"
    second = await asyncio.to_thread(
        subprocess.run, command, env=inherited | environment, capture_output=True, text=True, check=True, timeout=60
    )
    steps = json.loads(second.stdout)["steps"]
    replayed = [dict(record.headers)["ce_id"] for record in await rig.read(rig.replay_topic, count)]

    assert len(steps) == count - published, "it starts with what is left"
    assert sorted(replayed, key=repr) == sorted((f"m{number}".encode() for number in range(count)), key=repr)


def _started(command: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, env=environment)


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("2026-03-01T12:00", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01T12:00+01:00", datetime(2026, 3, 1, 11, tzinfo=UTC)),
        ("2h", timedelta(hours=2)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(weeks=2)),
    ],
)
def test_a_time_is_a_moment_or_how_long_ago(typed: str, wanted: datetime | timedelta) -> None:
    found = options.Moment().convert(typed, None, None)
    if isinstance(wanted, timedelta):
        assert abs(datetime.now(UTC) - wanted - found) < timedelta(seconds=5)
    else:
        assert found == wanted


def test_progress_is_said_every_few_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    progress = Progress("replayed", monotonic=lambda: now[0])
    for done in range(1, 6):
        now[0] += 1
        progress(done, 5000)
    now[0] += 2
    progress.watch("records read", 12_000)
    progress.watch("records read", 12_100)
    assert capsys.readouterr().err.splitlines() == [
        "2 of 5,000 letters replayed",
        "4 of 5,000 letters replayed",
        "12,000 records read",
    ]


async def test_reading_and_asking_are_told_of() -> None:
    """Tens of thousands of letters take a while before the first of them is replayed."""
    shelf, told = Shelf(), list[tuple[str, int]]()
    for offset in range(450):
        shelf.lay(offset)
    desk = DeadLetters("g", ["t"], broker=shelf, inbox=MemoryInbox())
    desk.watch = lambda what, done: told.append((what, done))
    await desk.replay()

    assert [done for what, done in told if what == "records read"] == [100, 200, 300, 400]
    assert [done for what, done in told if what == "letters looked up"] == [200, 400, 450]
    told.clear()
    await desk.recalled([replace(one, state=LetterState.REPLAYED) for one in await desk.list()])
    assert ("letters looked up", 450) in told


def test_nothing_that_a_stranger_sent_moves_the_cursor() -> None:
    value = b'{"a": "\\u009b31mRED\\u202e\\u007f"}'
    record = MemoryRecord("t", 0, 0, 0, b"k", value, (("ce_id", "m\x9b".encode()), ("\x9bname", b"v")))
    why = letters.burial("g", record, reason="fatal", error=ValueError("no"), attempts=1, at=DIED, first=None)
    laid = replace(record, headers=letters.headers_of_letter("g", record, why, app_version=""))
    letter = replace(read_letter(laid), stack='  File "x.py"\nValueError: \x1b[31mred\x9b0m\u202e')
    shown = [*printing.show_lines(letter, full=False), printing.letter_json(letter)]

    assert [sign for line in shown for sign in line if not sign.isprintable()] == []
    assert json.loads(shown[-1])["value"] == value.decode()
    assert "  ValueError: ?[31mred?0m?" in shown


def test_text_is_readable_or_a_hexdump() -> None:
    assert text.readable("é\n".encode()) == "é\n"
    assert text.readable(b"\x1b[2J") is None
    assert text.readable(b"\xff") is None
    assert list(text.hexdump(bytes(range(0x3A, 0x4C))))[1] == "00000010  4a 4b" + " " * 44 + "JK"
    assert text.for_machines(b"\xff") == {"base64": "/w=="}
    assert list(text.table(("a", "b"), [("1", "\x07"), ("22", "")])) == ["a   b", "1   \\x07", "22"]
