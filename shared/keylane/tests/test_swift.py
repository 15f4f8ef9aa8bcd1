"""The swift way and the state machine are one in what becomes of messages: same scripts, same outcomes.

An inbox that does not answer at once (`FaultyInbox` around the same one) has every message take the slow way.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keylane import Fatal, KafkaSettings, MemoryInbox, Message, Retry, RetryPolicy, Skip, Worker
from keylane.errors import KeylaneError
from keylane.testing import FaultyInbox, InMemoryBroker, until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from keylane.intake import Result

TOPICS = ("t", "t.g.dlq", "t.g.replay")
POLICY = RetryPolicy(max_attempts=3, base=timedelta(0), timeout=timedelta(milliseconds=60))
BEHAVIOURS = ("fine", "fails", "fails_once", "fatal", "skips", "not_counted", "cancels", "exits", "overruns", "writes")
KINDS = ("async", "waiting", "sync")
ODD = ("undecodable", "unknown", "ignored", "structured")


@dataclass
class Site:
    """A broker, an inbox, and what the handlers saw."""

    swift: bool
    broker: InMemoryBroker = field(default_factory=InMemoryBroker)
    inbox: MemoryInbox = field(default_factory=MemoryInbox)
    runs: defaultdict[bytes | None, list[tuple[str, int, int]]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for topic in TOPICS:
            self.broker.create_topic(topic, 1)

    def publish(self, id_: str, key: str, kind: str, behaviour: str, *, more: int = 0) -> None:
        data = {"do": behaviour, "more": more}
        headers = [("ce_id", id_.encode()), ("ce_type", kind.encode())]
        value = json.dumps(data).encode()
        if kind == "structured":
            headers = [("content-type", b"application/cloudevents+json")]
            value = json.dumps({"specversion": "1.0", "id": id_, "type": "waiting", "data": data}).encode()
        elif kind == "undecodable":
            value = b"\xff"
        self.broker.append("t", key=key.encode(), value=value, headers=headers)

    def worker(self, **options: Any) -> Worker:
        fast = KafkaSettings(
            bootstrap_servers="memory:1",
            commit_interval=timedelta(milliseconds=5),
            drain_timeout=timedelta(milliseconds=50),
        )
        inbox = self.inbox if self.swift else FaultyInbox(self.inbox)
        handlers: dict[str, Callable[[Message], Awaitable[None] | None]]
        handlers = {"async": self._async, "waiting": self._waiting, "sync": self._note}
        given: dict[str, Any] = {"inbox": inbox, "settings": fast, "broker": self.broker, "retry": POLICY, **options}
        return Worker("g", ["t"], handlers, ignored=["ignored"], **given)

    async def _async(self, message: Message) -> None:
        if self._note(message) == "overruns":
            await asyncio.Event().wait()

    async def _waiting(self, message: Message) -> None:
        await asyncio.sleep(0)
        await self._async(message)

    def _note(self, message: Message) -> Any:
        self.runs[message.key].append((message.id, message.attempt, message.fence))
        wanted = message.data["do"]
        if wanted == "writes":
            message.data["at"] = POLICY
        if error := _error(wanted, message.attempt, message.fence):
            raise error
        return wanted if message.type != "sync" else None

    def outcome(self, worker: Worker) -> dict[str, Any]:
        letters = [dict(letter.headers) for letter in self.broker.records("t.g.dlq")]
        told = ("x-dlq-id", "x-dlq-reason", "x-dlq-attempts", "x-dlq-error-type", "x-dlq-error-fingerprint")
        known = [*self.inbox._entries, *self.inbox._done]
        entries = {key: entry for key in known if (entry := self.inbox._entry(key)) is not None}
        return {
            "counts": worker.counts,
            "runs": dict(self.runs),
            "letters": sorted(str([letter.get(name) for name in told]) for letter in letters),
            "inbox": {key: (one.state, one.owner, one.attempts, one.claims, one.fence) for key, one in entries.items()},
            "held": worker._leases._held,
            "committed": [offset for tp, offset in self.broker.committed("g").items() if tp.topic == "t"],
            "timed": (worker.measures.handler_s.count, worker.measures.queue_s.count),
        }


def _error(wanted: str, attempt: int, fence: int) -> BaseException | None:
    first = {"fails_once": ValueError("once"), "not_counted": Retry("later", counted=False, after=timedelta(0))}
    always: dict[str, BaseException] = {
        "fails": ValueError("always"),
        "fatal": Fatal("never"),
        "skips": Skip("not needed"),
        "cancels": asyncio.CancelledError("from within"),
        "exits": SystemExit(3),
    }
    return always.get(wanted) or (first.get(wanted) if (attempt, fence) == (1, 1) else None)


async def worked_off(site: Site) -> dict[str, Any]:
    end = len(site.broker.records("t"))
    worker = site.worker()
    running = asyncio.create_task(worker.run())
    await until(lambda: end in site.outcome(worker)["committed"], timeout_s=20)
    await worker.stop()
    await running
    return site.outcome(worker)


def events(kinds: tuple[str, ...], behaviours: tuple[str, ...]) -> st.SearchStrategy[Any]:
    return st.tuples(st.integers(0, 5), st.sampled_from("kl"), st.sampled_from(kinds), st.sampled_from(behaviours))


SCRIPTS = st.lists(
    st.one_of(
        events(("async", "waiting"), BEHAVIOURS),
        events(("sync",), BEHAVIOURS[:6]),
        events(ODD, ("fine", "fails_once", "writes")),
    ),
    min_size=1,
    max_size=10,
)


@settings(max_examples=40, deadline=None)
@given(SCRIPTS)
def test_both_ways_come_to_the_same(script: list[tuple[int, str, str, str]]) -> None:
    """Ids repeat: the same event again, and others under its id. An id has one key, or two lanes would race for it."""

    def on(swift: bool) -> dict[str, Any]:
        site = Site(swift)
        for number, key, kind, behaviour in script:
            site.publish(f"{key}{number}", key, kind, behaviour, more=number % 2)
        return asyncio.run(worked_off(site))

    assert on(swift=True) == on(swift=False)


async def test_the_swift_way_is_taken() -> None:
    """Else the comparison would be of one way with itself."""
    site = Site(swift=True)
    for number in range(50):
        site.publish(f"e{number}", "k", "async", "fine")
    worker = site.worker()
    taken: list[Result] = []
    run = worker._lanes._intake._swift

    def noted(*arguments: Any) -> Result:
        taken.append(run(*arguments))
        return taken[-1]

    worker._lanes._intake._swift = noted
    running = asyncio.create_task(worker.run())
    await until(lambda: worker.counts.done == 50)
    await worker.stop()
    await running

    assert (sum(done for done, _ in taken), {what for _, what in taken}) == (50, {None})


async def test_nothing_passes_an_older_record_of_its_key_that_waits() -> None:
    """Behind another key's record in one row, which is taken at a glance."""
    site, gate, order = Site(swift=True), asyncio.Event(), list[str]()

    async def handle(message: Message) -> None:
        order.append(message.id)
        if message.id == "first":
            await gate.wait()
            order.append("first ends")

    for id_, key in (("first", "k"), ("beside", "l"), ("second", "k")):
        site.publish(id_, key, "async", "fine")
    worker = Worker("g", ["t"], {"async": handle}, inbox=site.inbox, broker=site.broker)
    running = asyncio.create_task(worker.run())
    await until(lambda: worker.counts.done == 1)
    gate.set()
    await until(lambda: worker.counts.done == 3)
    await worker.stop()
    await running

    assert order == ["first", "beside", "first ends", "second"]


@pytest.mark.parametrize("kind", ["async", "waiting"])
async def test_a_run_that_a_stop_interrupts_is_given_back_uncounted_both_ways(kind: str) -> None:
    async def on(*, swift: bool) -> dict[str, Any]:
        site = Site(swift)
        site.publish("e", "k", kind, "overruns")
        site.publish("next", "k", "async", "fine")
        worker = site.worker(retry=RetryPolicy())
        running = asyncio.create_task(worker.run())
        await until(lambda: site.runs)
        await worker.stop()
        await running
        return site.outcome(worker)

    outcome = await on(swift=True)
    assert outcome == await on(swift=False)
    assert outcome["inbox"] == {"g:e": ("pending", "", 0, 0, 1)}
    assert (outcome["committed"], outcome["held"]) == ([], {})


@pytest.mark.parametrize("swift", [True, False])
async def test_a_lease_that_is_lost_in_a_begun_run_ends_it_uncounted(*, swift: bool) -> None:
    site = Site(swift)
    site.publish("e", "k", "async", "overruns")
    worker = site.worker(retry=RetryPolicy(), lease=timedelta(milliseconds=150))
    running = asyncio.create_task(worker.run())
    await until(lambda: site.runs)
    entry = site.inbox._entries["g:e"]
    entry.owner, entry.fence, entry.lease_until = "other", 2, site.inbox._monotonic() + 3_600
    await until(lambda: worker.counts.fenced == 1)
    await worker.stop()
    await running

    assert (worker.counts.failed, entry.attempts, entry.owner) == (0, 0, "other")
    assert site.runs[b"k"] == [("e", 1, 1)]


async def test_a_handler_that_an_error_of_the_runtime_stops_loses_no_record() -> None:
    """What goes wrong beside the handler leaves the record to the state machine."""
    site = Site(swift=True)
    site.publish("e", "k", "async", "fine")
    site.publish("f", "k", "async", "fine")
    worker = site.worker()
    intake = worker._lanes._intake
    swift = intake._swift

    def breaks(*_: Any) -> NoReturn:
        intake._swift = swift
        raise KeylaneError("a defect")

    intake._swift = breaks
    loop = asyncio.get_running_loop()
    told: list[Any] = []
    loop.set_exception_handler(lambda _, context: told.append(context["exception"]))
    running = asyncio.create_task(worker.run())
    await until(lambda: worker.counts.done == 2)
    await worker.stop()
    await running

    assert [run[0] for run in site.runs[b"k"]] == ["e", "f"]
