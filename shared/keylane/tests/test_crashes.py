"""Worker processes that die, freeze and come back, on real servers: I1 to I4, I6, I10, and how soon others take over."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pymongo import MongoClient

from keylane.mongo import MongoInbox
from keylane.testing import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keylane.testing import Rig

pytestmark = pytest.mark.wire

PROGRAM = Path(__file__).parent / "programs" / "scripted_worker.py"
SESSION_S = 2.0
STOP_S = 4.0
DIED = 7
"""As in the program."""


@dataclass
class Stage:
    """Worker processes on real servers, and what they left in the database."""

    rig: Rig
    uri: str
    database: Any

    @contextlib.contextmanager
    def process(self, name: str = "") -> Iterator[subprocess.Popen[bytes]]:
        command = [sys.executable, str(PROGRAM), self.rig.settings.bootstrap_servers, self.rig.topic, self.rig.group]
        running = subprocess.Popen([*command, self.uri, name])
        try:
            yield running
        finally:
            running.kill()
            running.wait()

    def runs(self, event: str) -> list[dict[str, Any]]:
        return list(self.database.runs.find({"event": event}, sort=[("at", 1)]))

    def effects(self) -> dict[str, int]:
        """How often each event's effect was written."""
        return {found["_id"]: found["times"] for found in self.database.effects.find() if "times" in found}

    def entry(self, event: str) -> dict[str, Any]:
        return self.database.inbox.find_one({"_id": f"{self.rig.group}:{event}"}) or {}

    def settled(self, *events: str) -> bool:
        return all(self.entry(event).get("state") in ("done", "dead") for event in events)

    async def letters(self, count: int) -> list[dict[str, bytes]]:
        return [{name: value or b"" for name, value in one.headers} for one in await self.rig.letters(count)]


@pytest.fixture
def stage(kafka: Rig) -> Iterator[Stage]:
    uri = os.environ["MONGODB_URI"]  # noqa: TID251  the wire tests' one setting
    client: Any = MongoClient(uri, tz_aware=True)
    yield Stage(kafka, uri, client[kafka.group])
    client.drop_database(kafka.group)
    client.close()


async def test_attempts_go_on_where_a_killed_worker_left_them(stage: Stage) -> None:
    for type_ in ("made", "made-async"):
        await stage.rig.publish(type_, key=type_, type_=type_, data={"do": "fail", "seconds": 0.5})

    def attempts() -> list[int]:
        return [stage.entry(type_).get("attempts", 0) for type_ in ("made", "made-async")]

    with stage.process("one") as first:
        await until(lambda: min(attempts()) >= 2, what="two failed runs of each")
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert max(attempts()) < 4, "all was over before the kill: nothing was tested"
    with stage.process("one"):
        letters = await stage.letters(2)
        await until(lambda: stage.settled("made", "made-async"))

    for type_ in ("made", "made-async"):
        assert [run["attempt"] for run in stage.runs(type_)] == [1, 2, 3, 4, 5]
        assert len({run["pid"] for run in stage.runs(type_)}) == 2
    assert {(letter["x-dlq-reason"], letter["x-dlq-attempts"]) for letter in letters} == {(b"exhausted", b"5")}


async def test_a_frozen_owner_that_wakes_up_late_writes_nothing(stage: Stage) -> None:
    """I6: it sleeps past its session and its lease, a peer finishes its message, then it goes on where it was."""
    with stage.process() as one, stage.process() as other:
        await stage.rig.publish("e", data={"do": "freeze"})
        await until(lambda: stage.runs("e"), what="a first run")
        zombie, peer = (one, other) if stage.runs("e")[0]["pid"] == one.pid else (other, one)
        zombie.send_signal(signal.SIGSTOP)
        await until(lambda: stage.entry("e").get("state") == "done", what="the peer to finish it")
        zombie.send_signal(signal.SIGCONT)
        stage.database.words.insert_one({"_id": "go"})
        await until(stage.database.refused.find_one, what="the late write")
        for number in range(8):  # the zombie is a good member again
            await stage.rig.publish(f"after{number}", key=f"k{number}", data={})
        await until(lambda: len(stage.effects()) == 9)
        for process in (one, other):
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, 10) == 0

    assert [run["fence"] for run in stage.runs("e")] == [1, 2]
    assert stage.database.effects.find_one({"_id": "e"})["pid"] == peer.pid
    assert set(stage.effects().values()) == {1}
    entry = stage.entry("e")
    assert (entry["state"], entry["fence"], entry["attempts"]) == ("done", 2, 0)


async def test_a_message_that_kills_its_process_is_a_crash_loop_and_its_neighbours_live(stage: Stage) -> None:
    """The neighbours run whenever it strikes: they are its victims, not its like."""
    await stage.rig.publish("killer", key="killer", data={"do": "die", "seconds": 0.15})
    neighbours = [f"n{number}" for number in range(6)]
    for id_ in neighbours:
        await stage.rig.publish(id_, key=id_, data={"seconds": 0.4})
    ends = []
    while not stage.settled(*neighbours, "killer"):
        with stage.process("one") as process:
            await until(lambda process=process: process.poll() is not None or stage.settled(*neighbours, "killer"))  # type: ignore[misc]  # a bound default
            ends.append(process.poll())
    letters = await stage.letters(1)

    assert [(one["ce_id"], one["x-dlq-reason"]) for one in letters] == [(b"killer", b"crash_loop")]
    assert stage.effects() == dict.fromkeys(neighbours, 1)
    assert ends == [DIED] * 3 + [None], "three starts without an outcome, as its policy says"


async def test_a_worker_told_to_end_leaves_nothing_that_is_done_to_be_delivered_again(stage: Stage) -> None:
    """Its drain has the time to finish what stands before that in the log."""
    for number in range(300):
        await stage.rig.publish(f"e{number}", key=f"k{number % 24}", data={"seconds": 0.01})
    with stage.process() as process:
        await until(lambda: len(stage.effects()) > 50, what="work")
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        assert await asyncio.to_thread(process.wait, 10) == 0
        assert time.monotonic() - began < STOP_S + 1, "with the interpreter's end"
    done = stage.database.inbox.count_documents({"state": "done"})
    assert stage.database.inbox.count_documents({}) == done < 300, "nothing is left claimed, and not all was over"
    inbox = MongoInbox(stage.database.inbox)
    worker = stage.rig.start(
        {"made": lambda message: stage.database.runs.insert_one({"event": message.id})}, inbox=inbox
    )
    await until(lambda: worker.counts.done == 300 - done)

    assert worker.counts.duplicate == 0
    assert max(Counter(one["event"] for one in stage.database.runs.find()).values()) == 1


async def test_what_a_killed_worker_held_is_taken_over_within_the_session_and_two_seconds(
    stage: Stage, record_property: Any
) -> None:
    with stage.process() as one, stage.process() as other:
        total = 0
        while len({run["pid"] for run in stage.database.runs.find()}) < 2:
            for number in range(12):
                await stage.rig.publish(f"e{total + number}", key=f"k{number}", data={})
            total += 12
            await until(lambda total=total: len(stage.effects()) == total)  # type: ignore[misc]  # a bound default
        one.send_signal(signal.SIGKILL)
        one.wait()
        began = time.time()
        for number in range(12):
            await stage.rig.publish(f"last{number}", key=f"k{number}", data={})
        await until(lambda: len(stage.effects()) == total + 12)
        late = [run["at"] - began for run in stage.database.runs.find({"pid": other.pid, "at": {"$gt": began}})]
    record_property("takeover_seconds", max(late))

    assert max(late) < SESSION_S + 2
