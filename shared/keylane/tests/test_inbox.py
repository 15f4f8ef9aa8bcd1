"""The promises of an idempotency store, the same in memory, on the embedded engine and on a real server."""

from __future__ import annotations

import asyncio
import os
import random
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import mongomock
import pytest
from pymongo import MongoClient
from pymongo.errors import AutoReconnect

from keylane import ConfigurationError, FencedError, Inbox, MemoryInbox, StoreUnavailableError
from keylane.inbox import Burial, Busy, Claim, Known, Payload, Replay, Reused, Settled
from keylane.mongo import MongoInbox
from keylane.testing import until

if TYPE_CHECKING:
    from collections.abc import Iterator

LEASE = timedelta(seconds=30)
START = datetime.now(UTC).replace(microsecond=0)
"""Today: the embedded engine really deletes what has expired."""
BURIAL = Burial("l1", "exhausted", "builtins.ValueError", "no", "f", 5, START, START + timedelta(seconds=9))


@dataclass
class Clock:
    """Time that moves when a test says so."""

    passed: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        return START + self.passed

    def monotonic(self) -> float:
        return self.passed.total_seconds()


@dataclass
class Store:
    inbox: Inbox
    clock: Clock

    async def claim(self, owner: str = "a", *, replay: int = 0) -> Claim:
        claim = await self.ask(owner, replay=replay)
        assert isinstance(claim, Claim), claim
        return claim

    async def ask(
        self, owner: str = "a", *, payload: Payload | None = None, replay: int = 0
    ) -> Claim | Settled | Busy | Reused:
        again = Replay(replay, f"run{replay}") if replay else None
        return await self.inbox.claim("g:m", owner=owner, lease=LEASE, payload=payload, replay=again)

    async def die(self, *, replay: int = 0) -> None:
        claim = await self.claim(replay=replay)
        await self.inbox.bury(claim, BURIAL)
        await self.inbox.dead(claim)


@pytest.fixture(params=["memory", "embedded", pytest.param("server", marks=pytest.mark.wire)])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    clock = Clock()
    if request.param == "memory":
        yield Store(MemoryInbox(monotonic=clock.monotonic), clock)
        return
    client: Any = (
        mongomock.MongoClient(tz_aware=True)
        if request.param == "embedded"
        else MongoClient(os.environ["MONGODB_URI"], tz_aware=True)  # noqa: TID251  the wire tests' one setting
    )
    inbox = MongoInbox(
        client[f"inbox{uuid.uuid4().hex[:8]}"].inbox, clock=clock.now, monotonic=clock.monotonic, threads=1
    )
    inbox.create_indexes()
    yield Store(inbox, clock)
    inbox.close()
    client.close()


async def test_a_message_is_claimed_by_one_owner_until_its_lease_ends(store: Store) -> None:
    claim = await store.claim("a")
    assert (claim.fence, claim.attempts, claim.abandoned) == (1, 0, 0)
    store.clock.passed += timedelta(seconds=29)
    busy = await store.inbox.claim("g:m", owner="b", lease=LEASE)
    assert isinstance(busy, Busy)
    assert busy.lease_left == timedelta(seconds=1)
    store.clock.passed += timedelta(seconds=2)
    taken = await store.claim("b")
    assert (taken.fence, taken.abandoned) == (2, 1)


async def test_an_overtaken_owner_writes_nothing(store: Store) -> None:
    old = await store.claim("a")
    store.clock.passed += LEASE * 2
    new = await store.claim("b")
    for write in (
        store.inbox.finish(old),
        store.inbox.fail(old, at=START),
        store.inbox.bury(old, BURIAL),
        store.inbox.dead(old),
        store.inbox.renew(old, lease=LEASE),
    ):
        with pytest.raises(FencedError):
            await write
    await store.inbox.release(old)
    assert isinstance(await store.inbox.claim("g:m", owner="c", lease=LEASE), Busy), "release gave away another's claim"
    await store.inbox.finish(new)
    assert await store.inbox.claim("g:m", owner="c", lease=LEASE) == Settled("done")


async def test_done_is_for_good(store: Store) -> None:
    await store.inbox.finish(await store.claim())
    store.clock.passed += LEASE * 2
    assert await store.inbox.claim("g:m", owner="b", lease=LEASE) == Settled("done")


async def test_attempts_add_up_over_owners_and_claims_do_not(store: Store) -> None:
    for attempts in range(4):
        claim = await store.claim(f"owner{attempts}")
        assert (claim.attempts, claim.abandoned) == (attempts, 0)
        await store.inbox.fail(claim, at=store.clock.now())
        store.clock.passed += timedelta(seconds=1)
    claim = await store.claim("last")
    assert claim.first_failed_at == START


async def test_starts_without_an_outcome_are_abandoned_claims_and_no_attempts(store: Store) -> None:
    for abandoned in range(3):
        claim = await store.claim(f"owner{abandoned}")
        assert (claim.attempts, claim.abandoned) == (0, abandoned)
        store.clock.passed += LEASE * 2
    claim = await store.claim("last")
    await store.inbox.fail(claim, at=START)
    assert (await store.claim("after")).abandoned == 0


async def test_a_released_message_is_as_if_never_claimed(store: Store) -> None:
    await store.inbox.release(await store.claim("a"))
    claim = await store.claim("b")
    assert (claim.attempts, claim.abandoned) == (0, 0)
    assert claim.fence == 2


async def test_a_burial_survives_until_its_letter_is_written(store: Store) -> None:
    claim = await store.claim("a")
    await store.inbox.bury(claim, BURIAL)
    assert isinstance(await store.inbox.claim("g:m", owner="b", lease=LEASE), Busy)
    store.clock.passed += LEASE * 2
    taken = await store.claim("b")
    assert taken.burial == BURIAL
    await store.inbox.release(taken)
    again = await store.claim("c")
    assert again.burial == BURIAL
    await store.inbox.dead(again)
    assert await store.inbox.claim("g:m", owner="d", lease=LEASE) == Settled("dead")


async def test_a_renewed_lease_lasts_longer(store: Store) -> None:
    claim = await store.claim("a")
    store.clock.passed += timedelta(seconds=20)
    await store.inbox.renew(claim, lease=LEASE)
    store.clock.passed += timedelta(seconds=20)
    assert isinstance(await store.inbox.claim("g:m", owner="b", lease=LEASE), Busy)


async def test_a_call_repeated_because_its_answer_was_lost_changes_nothing(store: Store) -> None:
    claim = await store.claim("a")
    if not isinstance(store.inbox, MemoryInbox):  # in memory no answer can be lost
        assert await store.claim("a") == claim
        await store.inbox.fail(claim, at=START)
        await store.inbox.fail(claim, at=START)
        claim = await store.claim("a")
        assert claim.attempts == 1
        await store.inbox.finish(claim)
        await store.inbox.finish(claim)


async def test_a_claim_repeated_after_its_lease_because_its_answer_was_lost_was_not_abandoned(store: Store) -> None:
    for _ in range(5):
        claim = await store.claim("a")
        assert claim.abandoned == 0
        store.clock.passed += LEASE * 2
    assert (await store.claim("b")).abandoned == 1, "the last start of another owner still counts"


async def test_a_replay_runs_a_dead_message_again_with_all_its_attempts(store: Store) -> None:
    await store.die()
    assert await store.ask() == Settled("dead"), "only a replay wakes it"
    claim = await store.claim("b", replay=1)

    assert (claim.attempts, claim.abandoned, claim.burial, claim.replays) == (0, 0, None, 1)
    assert claim.fence == 2
    await store.inbox.fail(claim, at=START + timedelta(hours=1))
    again = await store.claim("c", replay=1)
    assert (again.attempts, again.replays) == (1, 1), "a retry of the replay goes on counting"
    assert again.first_failed_at == START, "since when it fails is not forgotten"


async def test_starts_that_were_abandoned_before_a_replay_do_not_count_in_it(store: Store) -> None:
    """Or the replay of what ended five processes would be given up before its first run."""
    for owner in ("a", "b"):
        claim = await store.claim(owner)
        store.clock.passed += LEASE * 2
    await store.inbox.bury(claim, BURIAL)
    for owner in ("c", "d"):
        assert (await store.claim(owner)).burial == BURIAL, "whoever takes it dies before the letter is written"
        store.clock.passed += LEASE * 2

    assert (await store.claim("e", replay=1)).abandoned == 0


async def test_whichever_record_takes_a_replayed_message_knows_its_replay(store: Store) -> None:
    """The source record may be delivered again while the replay waits for a retry."""
    assert (await store.claim()).replays == 0
    store.clock.passed += LEASE * 2
    await store.die()
    await store.inbox.fail(await store.claim("b", replay=1), at=START)
    assert (await store.claim("c")).replays == 1
    known = await store.inbox.look("g:m")
    assert known is not None
    assert known.replays == 1


async def test_a_later_replay_of_what_is_being_retried_acts_once_too(store: Store) -> None:
    await store.die()
    await store.inbox.fail(await store.claim("b", replay=1), at=START)
    claim = await store.claim("c", replay=2)
    assert (claim.replays, claim.attempts) == (2, 1), "the retry goes on, now as the later replay"
    await store.inbox.bury(claim, BURIAL)
    await store.inbox.dead(claim)

    assert await store.ask(replay=2) == Settled("dead")


async def test_each_replay_of_a_dead_message_acts_once(store: Store) -> None:
    await store.die()
    await store.die(replay=1)
    assert await store.ask(replay=1) == Settled("dead"), "the record of a replay may be published twice"
    await store.die(replay=2)
    assert await store.ask(replay=1) == Settled("dead"), "it may come again late"


async def test_a_first_claim_that_is_a_replay_counts_as_one(store: Store) -> None:
    """The letter of a record that could not be decoded, or of a message that the store has forgotten."""
    first = await store.claim(replay=2)
    assert first.replays == 2
    await store.inbox.bury(first, BURIAL)
    await store.inbox.dead(first)
    assert await store.ask(replay=2) == Settled("dead")
    await store.die(replay=3)


async def test_a_replay_of_what_is_done_is_refused(store: Store) -> None:
    """I11."""
    await store.inbox.finish(await store.claim())
    assert await store.ask("b", replay=1) == Settled("done")
    await store.inbox.release(Claim("g:m", "b", 2))
    assert await store.ask("b", replay=9) == Settled("done")


async def test_a_replay_waits_for_whoever_runs_the_message(store: Store) -> None:
    claim = await store.claim("a")
    assert isinstance(await store.ask("b", replay=1), Busy)
    await store.inbox.bury(claim, BURIAL)
    assert isinstance(await store.ask("b", replay=1), Busy), "its letter is on its way"


async def test_a_letter_whose_mark_was_lost_may_be_replayed(store: Store) -> None:
    """The owner died between the letter and the mark: that somebody replays the letter proves that it was written."""
    await store.inbox.bury(await store.claim("a"), BURIAL)
    store.clock.passed += LEASE * 2
    taken = await store.claim("b", replay=1)
    assert (taken.burial, taken.attempts) == (None, 0)


BINARY = Payload("binary", "made", b'{"n": 1}')
STRUCTURED = Payload("structured", "made", b'{"n":1}')


@pytest.mark.parametrize("other", [Payload("binary", "made", b'{"n": 2}'), Payload("binary", "lost", b'{"n": 1}')])
async def test_an_id_that_comes_with_another_payload_is_reused(store: Store, other: Payload) -> None:
    claim = await store.ask(payload=BINARY)
    assert isinstance(claim, Claim)
    assert await store.ask("b", payload=other) == Reused(), "while it runs"
    await store.inbox.finish(claim)
    assert await store.ask("b", payload=other) == Reused(), "when it is done"
    assert await store.ask("b", payload=BINARY) == Settled("done"), "the same bytes are a duplicate"


async def test_a_replay_of_a_reused_id_does_not_wake_the_other_event(store: Store) -> None:
    claim = await store.ask(payload=BINARY)
    assert isinstance(claim, Claim)
    await store.inbox.bury(claim, BURIAL)
    await store.inbox.dead(claim)
    assert await store.ask("b", payload=Payload("binary", "made", b"{}"), replay=1) == Reused()
    assert await store.inbox.look("g:m") == Known("dead", BURIAL.attempts, BURIAL)


@pytest.mark.parametrize("payload", [None, STRUCTURED])
async def test_payloads_that_cannot_be_compared_are_no_reuse(store: Store, payload: Payload | None) -> None:
    """The same event in the other mode has other bytes; documents of earlier versions have no hash."""
    claim = await store.ask(payload=payload)
    assert isinstance(claim, Claim)
    await store.inbox.finish(claim)
    assert await store.ask("b", payload=BINARY) == Settled("done")


async def test_what_is_remembered_of_a_message_can_be_looked_at(store: Store) -> None:
    assert await store.inbox.look("g:m") is None
    claim = await store.claim()
    await store.inbox.bury(claim, BURIAL)
    await store.inbox.dead(claim)

    assert await store.inbox.look("g:m") == Known("dead", 5, BURIAL)
    assert await store.ask() == Settled("dead"), "looking changes nothing"


def mongo_store(**options: Any) -> tuple[Any, MongoInbox]:
    collection: Any = mongomock.MongoClient(tz_aware=True).db.inbox
    return collection, MongoInbox(collection, threads=1, **options)


async def test_only_finished_messages_expire() -> None:
    collection, inbox = mongo_store(retention=timedelta(days=7), clock=lambda: START, monotonic=lambda: 0.0)
    inbox.create_indexes()
    claim = await inbox.claim("g:m", owner="a", lease=LEASE)
    assert isinstance(claim, Claim)
    assert "expire_at" not in collection.find_one()
    await inbox.fail(claim, at=START)
    assert "expire_at" not in collection.find_one()
    again = await inbox.claim("g:m", owner="a", lease=LEASE)
    assert isinstance(again, Claim)
    await inbox.finish(again)
    assert collection.find_one()["expire_at"] == START + timedelta(days=7)


async def test_a_dead_message_that_is_replayed_expires_no_more() -> None:
    collection, inbox = mongo_store(clock=lambda: START, monotonic=lambda: 0.0)
    claim = await inbox.claim("g:m", owner="a", lease=LEASE)
    assert isinstance(claim, Claim)
    await inbox.bury(claim, BURIAL)
    await inbox.dead(claim)
    assert "expire_at" in collection.find_one()
    await inbox.claim("g:m", owner="b", lease=LEASE, replay=Replay(1, "run"))
    stored = collection.find_one()

    assert "expire_at" not in stored
    assert (stored["state"], stored["replays"], stored["replay_id"]) == ("in_progress", 1, "run")


async def test_documents_of_earlier_versions_are_read() -> None:
    collection, inbox = mongo_store(clock=lambda: START, monotonic=lambda: 0.0)
    stored = {"_id": "g:m", "state": "dead", "owner": None, "fence": 3, "lease_until": None, "attempts": 5, "claims": 0}
    burial = {name: getattr(BURIAL, name) for name in BURIAL.__slots__ if name != "stack"}
    collection.insert_one({**stored, "first_failed_at": START, "burial": burial, "created_at": START})
    assert await inbox.look("g:m") == Known("dead", 5, BURIAL)
    taken = await inbox.claim("g:m", owner="b", lease=LEASE, payload=BINARY, replay=Replay(1, "run"))

    assert taken == Claim("g:m", "b", 4, first_failed_at=START, replays=1)


async def test_a_step_of_the_hosts_clock_takes_no_lease_that_lives() -> None:
    wall = [START]
    collection, inbox = mongo_store(clock=lambda: wall[0], monotonic=lambda: 0.0)
    other = MongoInbox(collection, clock=lambda: START, monotonic=lambda: 0.0, threads=1)
    assert isinstance(await other.claim("g:m", owner="a", lease=LEASE), Claim)
    wall[0] += timedelta(seconds=40)
    assert isinstance(await inbox.claim("g:m", owner="b", lease=LEASE), Busy)


async def test_the_servers_clock_counts_once_it_was_asked() -> None:
    collection, inbox = mongo_store(clock=lambda: START - timedelta(hours=1), monotonic=lambda: 0.0)
    inbox.create_indexes()
    answers = {"hello": {"localTime": START.replace(tzinfo=None)}, "ping": {"ok": 1}}
    collection.database.command = answers.__getitem__
    await inbox.ping()
    await inbox.claim("g:m", owner="a", lease=LEASE)

    assert collection.find_one()["lease_until"] == START + LEASE


async def test_a_missing_index_is_named() -> None:
    _, inbox = mongo_store()
    with pytest.raises(ConfigurationError, match="inbox has no index expire_at_1"):
        await inbox.ping()
    inbox.create_indexes()
    await inbox.ping()


async def test_driver_errors_are_translated() -> None:
    collection, inbox = mongo_store()

    def refuse(*_: Any, **__: Any) -> None:
        raise AutoReconnect("connection closed")

    collection.insert_one = refuse
    with pytest.raises(StoreUnavailableError, match="AutoReconnect: connection closed"):
        await inbox.claim("g:m", owner="a", lease=LEASE)


class OneAtATime:
    """A collection whose single calls are atomic, as a server's are: mongomock's are not."""

    def __init__(self, collection: Any) -> None:
        self._collection = collection
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._collection, name)

        def alone(*args: Any, **named: Any) -> Any:
            time.sleep(0)  # others may come in between any two calls
            with self._lock:
                return call(*args, **named)

        return alone


@pytest.fixture(params=["embedded", pytest.param("server", marks=pytest.mark.wire)])
def shared(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A collection for several threads."""
    if request.param == "embedded":
        yield OneAtATime(mongomock.MongoClient(tz_aware=True).db.inbox)
        return
    client: Any = MongoClient(os.environ["MONGODB_URI"], tz_aware=True)  # noqa: TID251  the wire tests' one setting
    yield client[f"inbox{uuid.uuid4().hex[:8]}"].inbox
    client.close()


@pytest.mark.parametrize("abandoned", [False, True])
def test_many_threads_claim_a_message_once(shared: Any, abandoned: bool) -> None:
    """A new message, or one whose owner died: eight claim it at once, one gets it."""
    clock = Clock()
    inbox = MongoInbox(shared, clock=clock.now, monotonic=clock.monotonic, threads=1)
    if abandoned:
        for message in range(50):
            inbox._claim(f"g:{message}", "dead", LEASE)
        clock.passed += LEASE * 2
    winners: list[Claim] = []

    def race(number: int) -> None:
        for message in random.Random(number).sample(range(50), 50):
            answer = inbox._claim(f"g:{message}", f"owner{number}", LEASE)
            if isinstance(answer, Claim):
                winners.append(answer)

    threads = [threading.Thread(target=race, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claim.key for claim in winners) == sorted(f"g:{message}" for message in range(50))
    assert {claim.fence for claim in winners} == {2 if abandoned else 1}


async def test_a_lease_is_renewed_while_claims_wait_for_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    collection, inbox = mongo_store()
    held = await inbox.claim("g:held", owner="a", lease=LEASE)
    assert isinstance(held, Claim)
    busy, goes_on = threading.Event(), threading.Event()
    insert = collection.insert_one

    def wait_and_insert(*args: Any, **named: Any) -> Any:
        busy.set()
        goes_on.wait()
        return insert(*args, **named)

    monkeypatch.setattr(collection, "insert_one", wait_and_insert)
    claims = [asyncio.create_task(inbox.claim(f"g:{number}", owner="a", lease=LEASE)) for number in range(3)]
    await until(busy.is_set)
    try:
        async with asyncio.timeout(5):
            await inbox.renew(held, lease=LEASE)
    finally:
        goes_on.set()
        await asyncio.gather(*claims)


async def test_of_two_who_saw_a_lease_end_one_takes_over() -> None:
    """I6: what the other read before is stale, whatever its state was."""
    clock = Clock()
    collection, inbox = mongo_store(clock=clock.now, monotonic=clock.monotonic)
    await inbox.claim("g:m", owner="dead", lease=LEASE)
    clock.passed += LEASE * 2
    stale = collection.find_one()
    taken = await inbox.claim("g:m", owner="a", lease=LEASE)
    until = clock.now() + LEASE

    assert isinstance(taken, Claim)
    assert inbox._compare_and_set(stale, stale, "b", until) == Busy(timedelta(0))
    finished = {**stale, "fence": taken.fence}
    await inbox.finish(taken)
    assert inbox._compare_and_set(finished, finished, "b", until) == Busy(timedelta(0)), "done is for good"
    assert collection.find_one()["state"] == "done"


async def test_memory_is_bounded_by_forgetting_the_oldest_finished() -> None:
    inbox = MemoryInbox(capacity=10)
    held = await inbox.claim("g:held", owner="a", lease=LEASE)
    for number in range(100):
        claim = await inbox.claim(f"g:{number}", owner="a", lease=LEASE)
        assert isinstance(claim, Claim)
        await inbox.finish(claim)
    assert len(inbox._entries) <= 11
    assert isinstance(held, Claim)
    await inbox.finish(held)
