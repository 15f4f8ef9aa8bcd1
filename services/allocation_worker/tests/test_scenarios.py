"""The incident's scenarios: events that fail are tried again on the same classes and the same service."""

import asyncio
from collections import Counter
from typing import Any

import lyceum_allocation
import lyceum_database
from allocation_worker.main import allocation_service
from keylane import Message
from keylane.testing import until
from lyceum_allocation import Allocation, TrainerCapacity
from lyceum_allocation.audit import violations
from lyceum_allocation.testing import purchase, refund
from modelguard import models, stats


class Failing:
    """Fails the first attempts at each event, and keeps what each attempt saw."""

    def __init__(self, times: int) -> None:
        self._times = times
        self.attempts: Counter[str] = Counter()
        self.seen: set[tuple[int, ...]] = set()

    def __call__(self, message: Message) -> None:
        self.attempts[message.id] += 1
        classes = (lyceum_allocation.Allocation, lyceum_allocation.TrainerCapacity, lyceum_database.User)
        self.seen.add((id(allocation_service()), *map(id, classes), *map(id, models.values())))
        if self.attempts[message.id] <= self._times:
            raise RuntimeError(f"rehearsed failure {self.attempts[message.id]}")


def assigned() -> dict[str, str | None]:
    return {found.student_id: found.trainer_id for found in Allocation.objects if found.state == "ASSIGNED"}


async def test_an_event_that_fails_once_succeeds_at_the_second_attempt(stage: Any) -> None:
    stage.hire("t1", capacity=1)
    failing = Failing(1)

    async with stage.working(before_attempt=failing) as program:
        before = stats()
        await stage.publish(purchase("p1", student="s1"), event_id="e1")
        await until(lambda: program.worker.counts.done == 1)

    assert failing.attempts == {"e1": 2}
    assert assigned() == {"s1": "t1"}
    assert stats() == before
    assert await stage.letters() == []


async def test_an_event_that_fails_four_times_succeeds_at_the_fifth_on_the_same_instances(stage: Any) -> None:
    stage.hire("t1", capacity=3)
    failing = Failing(4)

    async with stage.working(before_attempt=failing) as program:
        before = stats()
        await stage.publish(purchase("p1", student="s1"), event_id="e1")
        await until(lambda: program.worker.counts.done == 1)

    assert failing.attempts == {"e1": 5}
    assert len(failing.seen) == 1, "an attempt saw another service instance or another class"
    assert Allocation.objects.count() == 1
    assert [seat.k for seat in TrainerCapacity.objects.get(id="t1").seats] == [f"{Allocation.objects.get().id}:1"]
    assert stats() == before
    assert await stage.letters() == []


async def test_an_event_that_fails_five_times_is_one_dead_letter_with_the_bytes_untouched(stage: Any) -> None:
    stage.hire("t1", capacity=3)
    failing = Failing(5)

    async with stage.working(before_attempt=failing) as program:
        await stage.publish(purchase("p1", student="s1", note="kept as it came"), event_id="e1")
        await until(lambda: program.worker.counts.dead == 1)
        await stage.publish(purchase("p1", student="s1", note="kept as it came"), event_id="e1")
        await until(lambda: program.worker.counts.duplicate == 1)

    assert failing.attempts == {"e1": 5}
    ((value, headers),) = await stage.letters()
    assert value == stage.sent["e1"]
    assert headers["ce_id"] == b"e1"
    assert assigned() == {}


async def test_many_simultaneous_purchases_share_the_models_and_each_gets_one_trainer(stage: Any) -> None:
    for number in range(4):
        stage.hire(f"t{number}", capacity=10)

    async with stage.working() as program:
        before = stats()
        await asyncio.gather(
            *(
                stage.publish(purchase(f"p{n}", student=f"s{n}"), event_id=f"e{n}-{copy}")
                for n in range(12)
                for copy in "ab"
            )
        )
        await until(lambda: program.worker.counts.done == 24)
        assert stats() == before

    assert len(assigned()) == 12
    assert violations(at_rest=True) == []
    assert await stage.letters() == []


async def test_a_restarted_worker_starts_on_the_same_models_and_goes_on(stage: Any) -> None:
    stage.hire("t1", capacity=2)
    async with stage.working() as program:
        await stage.publish(purchase("p1", student="s1"), event_id="e1")
        await until(lambda: program.worker.counts.done == 1)
        before = stats()

    async with stage.working() as program:
        await stage.publish(purchase("p2", student="s2"), event_id="e2")
        await until(lambda: program.worker.counts.done == 1)

    assert assigned() == {"s1": "t1", "s2": "t1"}
    assert stats() == before
    assert await stage.letters() == []


async def test_a_refund_frees_the_seat_for_who_waits_and_every_event_leaves(stage: Any) -> None:
    stage.hire("t1", capacity=1)

    async with stage.working() as program:
        for student in ("s1", "s2"):
            await stage.publish(purchase(f"p-{student}", student=student), event_id=f"e-{student}")
            await until(lambda: program.worker.counts.done == len(stage.sent))
        await stage.publish(refund("p-s1", student="s1"), event_id="e-refund")
        await until(lambda: program.worker.counts.done == 3)
        await until(lambda: all(not found.outbox for found in Allocation.objects), what="an empty outbox")

    assert assigned() == {"s2": "t1"}
    assert all(found.outbox_due is None for found in Allocation.objects)
