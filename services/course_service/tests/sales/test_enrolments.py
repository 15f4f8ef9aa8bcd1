"""Access is a set of grants, and the newest epoch of an allocation counts, in whatever order things are told."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_service.allocations.handlers import HANDLERS, bound
from course_service.enrolments import rules
from course_service.enrolments.service import EnrolmentService
from course_service.models import Enrolment
from keylane import Fatal, Message
from lyceum_allocation import allocation_id
from lyceum_contracts import (
    ALLOCATIONS,
    AllocationStarved,
    AllocationWaitlisted,
    Event,
    TrainerAllocated,
    TrainerDeallocated,
    TrainerReallocated,
)

from .shop import Shop

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
WHO = {"student_id": "ana", "course_id": "algebra", "allocation_id": allocation_id("default", "ana", "algebra")}
SKILL = {"subject": "math", "language": "en"}


def allocated(epoch: int, trainer: str) -> Event:
    return TrainerAllocated(**WHO, **SKILL, epoch=epoch, trainer_id=trainer, purchase_ids=("p1",), allocated_at=NOW)


def moved(epoch: int, trainer: str) -> Event:
    return TrainerReallocated(
        **WHO, epoch=epoch, from_trainer_id="somebody", to_trainer_id=trainer, cause="admin", reallocated_at=NOW
    )


def over(epoch: int, trainer: str) -> Event:
    return TrainerDeallocated(**WHO, epoch=epoch, trainer_id=trainer, cause="refund", deallocated_at=NOW)


def waits(epoch: int) -> Event:
    return AllocationWaitlisted(**WHO, **SKILL, epoch=epoch, waiting_since=NOW)


def message(event: Event, **changes: Any) -> Message:
    fields: dict[str, Any] = {
        "id": "e1",
        "type": event.type,
        "source": "/allocation",
        "key": b"k",
        "data": event.to_data(),
        "headers": {},
        "time": None,
        "topic": "allocations",
        "partition": 0,
        "offset": 0,
        "attempt": 1,
        "fence": 1,
    }
    return Message(**{**fields, **changes})


def tell(enrolments: EnrolmentService, *told: Event, **changes: Any) -> None:
    for event in told:
        bound(enrolments)[event.type](message(event, **changes))


LIVES: dict[str, tuple[Sequence[Event], str | None, bool]] = {
    "has a trainer": ([allocated(1, "t1")], "t1", False),
    "waits": ([waits(1)], None, True),
    "waited, then got one": ([waits(1), allocated(1, "t1")], "t1", False),
    "was given back": ([allocated(1, "t1"), over(1, "t1")], None, False),
    "bought again": ([allocated(1, "t1"), over(1, "t1"), allocated(2, "t2")], "t2", False),
    "bought again and waits": ([allocated(1, "t1"), over(1, "t1"), waits(2)], None, True),
    "was moved": ([allocated(1, "t1"), moved(2, "t2")], "t2", False),
    "is to be moved and waits": ([allocated(1, "t1"), waits(2)], "t1", True),
    "was to be moved and stayed": ([allocated(1, "t1"), waits(2), allocated(2, "t1")], "t1", False),
    "was given back while being moved": ([allocated(1, "t1"), waits(2), over(2, "t1")], None, False),
}


@pytest.mark.parametrize("life", LIVES)
def test_whatever_the_order_the_student_sees_the_newest(shop: Shop, life: str) -> None:
    told, trainer, is_waiting = LIVES[life]
    for number, order in enumerate(permutations(told)):
        Enrolment.objects.delete()

        tell(shop.enrolling, *order, *order[: number % 3])

        seen = shop.access()
        assert seen is not None
        assert (rules.trainer_of(seen), rules.waits_since(seen) is not None) == (trainer, is_waiting)
        assert seen.allocation_id == seen.id
        assert seen.status == "none"


@given(st.data())
def test_the_same_facts_make_the_same_enrolment(data: st.DataObject) -> None:
    every = st.sampled_from(range(1, 5)).flatmap(
        lambda epoch: st.sampled_from(["seat", "over", "waits", "paid", "back"]).map(lambda what: (what, epoch))
    )
    facts = data.draw(st.lists(every, max_size=10))
    other = data.draw(st.permutations(facts + facts[:2]))

    assert joined(facts).to_mongo() == joined(other).to_mongo()


def joined(facts: Sequence[tuple[str, int]]) -> Enrolment:
    about = {"allocation_id": "a"}
    deciders: dict[str, Callable[[Enrolment, int], rules.Fields | None]] = {
        "seat": lambda seen, n: rules.seated(seen, **about, epoch=n, trainer_id=f"t{n}", over=False),
        "over": lambda seen, n: rules.seated(seen, **about, epoch=n, trainer_id=f"t{n}", over=True),
        "waits": lambda seen, n: rules.waitlisted(seen, **about, epoch=n, since=NOW),
        "paid": lambda seen, n: rules.granted(seen, paid=f"p{n}", given_back=None, now=NOW),
        "back": lambda seen, n: rules.granted(seen, paid=None, given_back=f"p{n}", now=NOW),
    }
    seen = Enrolment(id="e", student_id="ana", course_id="algebra")
    for what, number in facts:
        for name, value in (deciders[what](seen, number) or {}).items():
            setattr(seen, name, value)
    seen.enrolled_at = None  # when access began is the one thing that depends on the order
    return seen


def test_a_refund_that_is_known_first_is_remembered(shop: Shop) -> None:
    shop.enrolling.purchases_changed("default", "ana", "algebra", paid=None, given_back="p1")
    shop.enrolling.purchases_changed("default", "ana", "algebra", paid="p1", given_back=None)

    assert not shop.may_attend()
    shop.enrolling.purchases_changed("default", "ana", "algebra", paid="p2", given_back=None)
    assert shop.may_attend()


def test_many_writers_at_once_lose_nothing(shop: Shop) -> None:
    def write(number: int) -> None:
        shop.enrolling.purchases_changed("default", "ana", "algebra", paid=f"p{number:02}", given_back=None)
        tell(shop.enrolling, allocated(number + 1, f"t{number}"))

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(write, range(30)))

    seen = shop.access()
    assert seen is not None
    assert seen.grants == [f"p{number:02}" for number in range(30)]
    assert (seen.seat_epoch, seen.trainer_id) == (30, "t29")


def test_another_organizations_allocation_is_another_enrolment(shop: Shop) -> None:
    tell(shop.enrolling, allocated(1, "t1"), headers={"ce_orgid": b"acme"})

    assert shop.access() is None
    assert shop.enrolments.of("acme", "ana", "algebra") is not None


def test_every_type_of_the_topic_has_a_handler() -> None:
    assert set(HANDLERS) == set(ALLOCATIONS.types)


def test_that_somebody_waits_too_long_changes_nothing_for_him(shop: Shop) -> None:
    starved = AllocationStarved(**WHO, **SKILL, epoch=1, waiting_since=NOW, waited_s=9)

    tell(shop.enrolling, starved)

    assert shop.access() is None


@pytest.mark.parametrize("changes", [{"data": {"epoch": 1}}, {"headers": {"ce_orgid": b"no id"}}])
def test_an_event_that_breaks_its_contract_is_for_the_dead_letters(shop: Shop, changes: dict[str, Any]) -> None:
    with pytest.raises(Fatal):
        tell(shop.enrolling, allocated(1, "t1"), **changes)
