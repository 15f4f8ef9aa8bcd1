"""Who waits long accepts more, and stands in the queue of his second language without losing his place in his own."""

import json
from datetime import timedelta

import pytest

from lyceum_allocation import Allocation, AllocationRepository, AllocationService, transitions
from lyceum_allocation.allocations import Position, Queue, queues_of
from lyceum_allocation.audit import violations
from lyceum_allocation.candidates import wish_of
from lyceum_allocation.testing import Town
from lyceum_allocation.waitlist import LEASE

pytestmark = pytest.mark.usefixtures("database")

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


def test_hours_that_do_not_meet_are_accepted_after_two_hours(town: Town) -> None:
    town.hire("night", avail=[100, 101])
    town.buys("s1", wants=[1, 2])

    assert town.after(2 * HOUR - SECOND) == 0
    assert town.after(SECOND) == 1
    assert town.stored("s1").decision["conceded"] == ["hours"]
    assert violations(at_rest=True, clock=town.clock) == []


def test_the_second_language_is_accepted_after_twelve_hours(town: Town) -> None:
    town.hire("hindi", "math|hi")
    town.buys("s1", second_language="hi")

    assert town.after(12 * HOUR - SECOND) == 0
    assert violations(at_rest=True, clock=town.clock) == []
    town.now += SECOND
    assert violations(at_rest=True, clock=town.clock) != [], "the audit asks for the same as the drain"
    assert town.after(SECOND) == 1
    assert town.trainers("s1") == ["hindi"]
    assert json.loads(town.stored("s1").outbox[-1]["value"])["conceded"] == ["first language"]
    assert town.stored("s1").decision["conceded"] == ["first language"]
    assert violations(at_rest=True, clock=town.clock) == []


def test_the_twelfth_hour_is_over_at_the_same_moment_for_all_who_ask(town: Town) -> None:
    town.buys("s1", second_language="hi")
    waiter = town.stored("s1")
    assert waiter.waiting_since is not None

    for moment, stands in (
        (waiter.waiting_since + 12 * HOUR - SECOND, False),
        (waiter.waiting_since + 12 * HOUR, True),
    ):
        accepts = Queue("default", "math|hi")
        assert (accepts in queues_of(waiter, moment)) is stands
        assert bool(town.allocations.waiting(accepts, now=moment)) is stands
        assert (accepts in town.allocations.queues(now=moment)) is stands
        assert ("math|hi" in wish_of(waiter, moment).skills) is stands


def test_an_event_names_what_was_conceded_and_says_nothing_of_it_otherwise(town: Town) -> None:
    town.hire("strict")
    town.buys("s1", second_language="hi")
    town.now += 10 * HOUR
    town.service.leave("strict", for_good=True, actor="ada")
    town.hire("hindi", "math|hi")
    town.after(12 * HOUR)

    allocated, _waitlisted, reallocated = (json.loads(entry["value"]) for entry in town.stored("s1").outbox)

    assert "conceded" not in allocated
    assert (reallocated["to_trainer_id"], reallocated["conceded"]) == ("hindi", ["first language"])


@pytest.mark.parametrize("fields", [{}, {"second_language": "en"}, {"second_language": "EN"}])
def test_without_another_second_language_nobody_is_given_one(town: Town, fields: dict[str, str]) -> None:
    town.hire("hindi", "math|hi")
    town.buys("s1", **fields)

    assert town.after(1000 * HOUR) == 0
    assert town.stored("s1").second_skill is None


def test_who_accepts_two_languages_is_overtaken_in_neither_queue(town: Town) -> None:
    town.buys("oldest", language="hi")
    town.now += HOUR
    town.buys("both", second_language="hi")
    town.now += HOUR
    town.buys("english")
    town.buys("hindi", language="hi")
    assert waiting(town, "math|hi") == ["oldest", "hindi"]
    town.now += 12 * HOUR

    assert waiting(town, "math|hi") == ["oldest", "both", "hindi"]
    assert waiting(town, "math|en") == ["both", "english"]
    town.hire("h1", "math|hi", capacity=2)
    town.service.sweep()
    town.hire("e1")
    town.service.sweep()

    assert town.trainers("oldest", "both", "hindi", "english") == ["h1", "h1", None, "e1"]


def test_a_newcomer_of_the_second_language_does_not_overtake_who_accepts_it_by_now(town: Town) -> None:
    town.buys("both", second_language="hi")
    town.now += 12 * HOUR
    town.hire("h1", "math|hi")

    town.buys("newcomer", language="hi")

    assert town.trainers("both", "newcomer") == ["h1", None]


def test_both_queues_are_known_while_they_hold_only_him(town: Town) -> None:
    town.buys("both", second_language="hi")
    queues = [Queue("default", "math|en"), Queue("default", "math|hi")]

    assert town.allocations.queues(now=town.now) == queues[:1]
    town.now += 12 * HOUR
    assert town.allocations.queues(now=town.now) == queues
    assert town.allocations.queues(now=town.now, skills=["math|hi", "art|hi"]) == queues[1:]
    assert town.allocations.queues(now=town.now, org_id="other") == []


def test_pages_of_a_queue_hold_everybody_once_and_in_order(town: Town) -> None:
    for number in range(7):
        town.buys(f"s{number}", language=("en", "hi")[number % 2], second_language=("hi", "en")[number % 2])
    town.now += 12 * HOUR

    assert waiting(town, "math|en", limit=2) == waiting(town, "math|hi", limit=3) == [f"s{n}" for n in range(7)]


def test_a_seat_in_the_queue_where_somebody_stopped_because_of_a_lease_taken_in_the_other_is_looked_at_again(
    town: Town,
) -> None:
    """A drain of Hindi stops at the one whom a drain of English is serving; the latter looks at Hindi when done."""

    class Meeting(AllocationRepository):
        met = False

        def write(self, seen: Allocation, change: transitions.Change, *, cause_id: str | None = None) -> bool:
            if change.fields.get("state") == "ASSIGNED" and not self.met:
                self.met = True
                town.hire("h1", "math|hi")
                town.service.drain(org_id="default", skill="math|hi")
                assert town.trainers("both", "hindi") == [None, None]
            return super().write(seen, change, cause_id=cause_id)

    town.buys("both", second_language="hi")
    town.now += 12 * HOUR
    town.buys("hindi", language="hi")
    town.hire("e1")
    began = town.now
    meeting = Meeting(clock=town.clock)

    AllocationService(allocations=meeting, capacities=town.capacities, clock=town.clock).drain(
        org_id="default", skill="math|en"
    )

    assert town.trainers("both", "hindi") == ["e1", "h1"]
    assert town.now - began < LEASE, "not because a lease ran out"


def waiting(town: Town, skill: str, *, limit: int = 20) -> list[str]:
    found: list[Allocation] = []
    queue, last = Queue("default", skill), None
    while page := town.allocations.waiting(queue, now=town.now, after=last, limit=limit):
        found += page
        last = Position.of(page[-1])
    return [waiter.student_id for waiter in found]
