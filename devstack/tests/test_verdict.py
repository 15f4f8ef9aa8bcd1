"""The judge agrees with a naive school, and finds every way in which a result can be off."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lyceum_devstack.check import (
    Case,
    Enrolment,
    Letter,
    Notice,
    Position,
    Purchase,
    Refund,
    SeenAllocation,
    Skill,
    Trainer,
    expect,
    judge,
)

Event = Purchase | Refund
Play = Callable[..., Case]
MATH, FRENCH, LATIN = (
    Skill("default", "math", "en"),
    Skill("default", "chemistry", "fr"),
    Skill("default", "latin", "en"),
)


def broken(case: Case) -> dict[str, tuple[str, ...]]:
    return {finding.promise: finding.against for finding in judge(case) if finding.against}


enrolments = st.builds(Enrolment, st.just("default"), st.sampled_from("abcdef"), st.just("course"))
skill_of = {student: (MATH, FRENCH, LATIN)[at % 3] for at, student in enumerate("abcdef")}


@st.composite
def events(draw: st.DrawFn) -> Event:
    enrolment = draw(enrolments)
    purchase = f"{enrolment.student_id}{draw(st.integers(1, 2))}"
    if draw(st.booleans()):
        return Purchase(purchase, enrolment, skill_of[enrolment.student_id])
    return Refund(purchase, enrolment, full=draw(st.booleans()))


trainers = st.lists(
    st.tuples(st.frozensets(st.sampled_from([MATH, FRENCH]), min_size=1), st.integers(0, 3)), max_size=3
).map(lambda rows: [Trainer(f"t{at}", skills, capacity) for at, (skills, capacity) in enumerate(rows)])


@settings(deadline=None)
@given(
    roster=trainers,
    day=st.lists(events(), max_size=25),
    doomed=st.frozensets(st.integers(0, 24), max_size=4),
    seed=st.integers(0, 9),
)
def test_a_naive_school_that_keeps_the_rules_is_found_in_order(
    play: Play, roster: list[Trainer], day: list[Event], doomed: frozenset[int], seed: int
) -> None:
    assert broken(play(roster, day, doomed=doomed, seed=seed)) == {}


@pytest.fixture
def case(play: Play) -> Case:
    """Four students of one full French trainer and a math trainer with one free seat; one refunded, one dead letter."""
    roster = [Trainer("camille", frozenset({FRENCH}), 1), Trainer("amara", frozenset({MATH}), 2)]
    day: list[Event] = [
        Purchase("p1", Enrolment("default", "ada", "chimie"), FRENCH),
        Purchase("p2", Enrolment("default", "ben", "chimie"), FRENCH),
        Purchase("p3", Enrolment("default", "cleo", "algebra"), MATH),
        Purchase("p4", Enrolment("default", "dan", "algebra"), MATH),
        Refund("p4", Enrolment("default", "dan", "algebra"), full=True),
        Purchase("p5", Enrolment("default", "eve", "algebra"), MATH),
    ]
    return play(roster, day, doomed=frozenset({5}))


def allocation(case: Case, student: str) -> SeenAllocation:
    return next(entry for entry in case.seen.allocations if entry.enrolment.student_id == student)


def with_allocation(case: Case, student: str, **changed: Any) -> Case:
    old = allocation(case, student)
    kept = tuple(entry for entry in case.seen.allocations if entry is not old)
    return replace(case, seen=replace(case.seen, allocations=(*kept, replace(old, **changed))))


def with_trainer(case: Case, trainer_id: str, **changed: Any) -> Case:
    books = tuple(replace(book, **changed) if book.trainer_id == trainer_id else book for book in case.seen.trainers)
    return replace(case, seen=replace(case.seen, trainers=books))


def seen(case: Case, **changed: Any) -> Case:
    return replace(case, seen=replace(case.seen, **changed))


LETTER = Letter(Position(0, 5), "exhausted", b"key 5", b"value 5")
STRANGER = SeenAllocation("x", Enrolment("default", "zed", "algebra"), MATH, "CANCELLED", None, 1)

SABOTAGE: dict[str, tuple[Callable[[Case], Case], str, str]] = {
    "a record is left open": (
        lambda case: seen(case, committed={0: 5}),
        "Every record ended",
        "event e5 (partition 0, offset 5) was never completed",
    ),
    "a partition is left open": (lambda case: seen(case, committed={}), "Every record ended", "never completed"),
    "an event is not done": (
        lambda case: seen(case, done=case.seen.done - {"e1"}),
        "Every record ended",
        "event e1 is not recorded as done",
    ),
    "a dead letter is missing": (lambda case: seen(case, letters=()), "Every record ended", "has 0 dead letters"),
    "a dead letter is doubled": (
        lambda case: seen(case, letters=(LETTER, LETTER)),
        "Every record ended",
        "has 2 dead letters and should have 1",
    ),
    "a good record is dead": (
        lambda case: seen(case, letters=(LETTER, replace(LETTER, position=Position(0, 1), key=b"key 1"))),
        "Every record ended",
        "has 1 dead letters and should have 0",
    ),
    "a dead letter from nowhere": (
        lambda case: seen(case, letters=(LETTER, replace(LETTER, position=Position(3, 7)))),
        "Every record ended",
        "partition 3, offset 7, where nothing was published",
    ),
    "a dead letter lost its bytes": (
        lambda case: seen(case, letters=(replace(LETTER, value=b"value"),)),
        "Dead letters keep",
        "the dead letter of event e5",
    ),
    "a dead letter lost its key": (
        lambda case: seen(case, letters=(replace(LETTER, key=None),)),
        "Dead letters keep",
        "differs from it",
    ),
    "an attempt too many": (lambda case: seen(case, failed={"e5": 6}), "A failing event", "failed 6 times and"),
    "an attempt too few": (lambda case: seen(case, failed={}), "A failing event", "failed 0 times and"),
    "a capacity was changed": (
        lambda case: with_trainer(case, "amara", capacity=9, free=8),
        "No trainer is over capacity",
        "trainer amara has capacity 9 and was imported with 2",
    ),
    "a load was changed": (lambda case: with_trainer(case, "amara", load=2, free=0), "No trainer is over", "load of 2"),
    "the free seats were changed": (lambda case: with_trainer(case, "amara", free=2), "No trainer is over", "2 free"),
    "too many seats": (
        lambda case: with_trainer(case, "camille", load=2, free=-1, seats=(("ada-chimie", 1), ("ben-chimie", 1))),
        "No trainer is over",
        "trainer camille has 2 students on 1 seats",
    ),
    "a trainer is gone": (lambda case: seen(case, trainers=case.seen.trainers[:1]), "No trainer is over", "is gone"),
    "two allocations for one": (
        lambda case: seen(case, allocations=(*case.seen.allocations, replace(allocation(case, "ada"), epoch=2))),
        "One trainer at most",
        "ada in chimie has 2 allocations",
    ),
    "two seats for one": (
        lambda case: with_trainer(case, "amara", load=2, free=0, seats=(("cleo-algebra", 1), ("ada-chimie", 1))),
        "One trainer at most",
        "allocation ada-chimie holds 2 seats",
    ),
    "a seat of an older epoch": (
        lambda case: with_allocation(case, "cleo", epoch=2),
        "One trainer at most",
        "keeps a seat for allocation cleo-algebra",
    ),
    "a seat that is not kept": (
        lambda case: with_trainer(case, "amara", load=0, free=2, seats=()),
        "One trainer at most",
        "allocation cleo-algebra names trainer amara, who keeps no seat",
    ),
    "a paid student is lost": (
        lambda case: seen(case, allocations=tuple(a for a in case.seen.allocations if a.enrolment.student_id != "ben")),
        "Whoever paid",
        "ben in chimie paid and has no allocation",
    ),
    "a paid student is cancelled": (
        lambda case: with_allocation(case, "ben", state="CANCELLED"),
        "Whoever paid",
        "ben in chimie paid and is CANCELLED",
    ),
    "a student is left between two trainers": (
        lambda case: with_allocation(case, "cleo", state="MOVING"),
        "Whoever paid",
        "cleo in algebra paid and is MOVING",
    ),
    "another skill than was paid for": (
        lambda case: with_allocation(case, "ben", skill=LATIN),
        "Whoever paid",
        "asked for chemistry in fr and is listed under latin in en",
    ),
    "a trainer who cannot teach it": (
        lambda case: with_allocation(case, "cleo", seat_of="camille"),
        "Whoever paid",
        "has trainer camille, who does not offer it",
    ),
    "a refunded student is kept": (
        lambda case: with_allocation(case, "dan", state="PENDING"),
        "Whoever was refunded",
        "dan in algebra holds no purchase and is PENDING",
    ),
    "a student out of nowhere": (
        lambda case: seen(case, allocations=(*case.seen.allocations, STRANGER)),
        "Whoever was refunded",
        "zed in algebra was never heard of",
    ),
    "somebody waits in vain": (
        lambda case: with_allocation(case, "cleo", state="PENDING", seat_of=None),
        "Nobody waits",
        "cleo in algebra waits for math in en while amara has a free seat",
    ),
    "a skill is short of its share": (
        lambda case: with_allocation(case, "cleo", state="PENDING", seat_of=None),
        "Each skill",
        "math in en: 0 of 1 students have a trainer, and it should be 1",
    ),
    "a seat is not announced": (
        lambda case: seen(case, notices=()),
        "Every outcome",
        "has trainer amara, and the last that was announced is nothing",
    ),
    "another trainer is announced": (
        lambda case: seen(
            case, notices=(*case.seen.notices, Notice("n", "TRAINER_ALLOCATED", "cleo-algebra", "camille"))
        ),
        "Every outcome",
        "cleo in algebra: has trainer amara",
    ),
    "the end is not announced": (
        lambda case: seen(
            case, notices=tuple(notice for notice in case.seen.notices if notice.type != "TRAINER_DEALLOCATED")
        ),
        "Every outcome",
        "dan in algebra: ended, and the last that was announced is TRAINER_ALLOCATED",
    ),
    "the wait is not announced": (
        lambda case: seen(case, notices=tuple(n for n in case.seen.notices if n.type != "ALLOCATION_WAITLISTED")),
        "Every outcome",
        "ben in chimie: waits, and the last that was announced is nothing",
    ),
    "a model is defined again": (
        lambda case: seen(case, redefined={"defined": 0, "reused": 2}),
        "No model was defined again",
        "the guard's counter `reused` moved by 2",
    ),
}


def test_the_sound_case_is_sound(case: Case) -> None:
    assert broken(case) == {}
    assert {entry.state for entry in case.seen.allocations} == {"ASSIGNED", "PENDING", "CANCELLED"}


@pytest.mark.parametrize("what", SABOTAGE)
def test_sabotage_is_found_and_named(case: Case, what: str) -> None:
    sabotage, promise, detail = SABOTAGE[what]
    against = [text for name, texts in broken(sabotage(case)).items() if name.startswith(promise) for text in texts]
    assert any(detail in text for text in against), broken(sabotage(case))


def test_an_event_that_always_fails_dies_once_however_often_it_is_delivered(case: Case) -> None:
    again = replace(case.sent[5], position=Position(0, 6))
    assert broken(seen(replace(case, sent=(*case.sent, again)), committed={0: 7})) == {}


def test_the_purchase_that_opens_a_right_decides_its_skill() -> None:
    ada = Enrolment("default", "ada", "course")
    first, second = Purchase("p1", ada, MATH), Purchase("p2", ada, FRENCH)
    assert expect([], [first, second]).owed == {ada: MATH}
    assert expect([], [first, second, Refund("p1", ada, full=True)]).owed == {ada: MATH}
    assert expect([], [first, Refund("p1", ada, full=True), second]).owed == {ada: FRENCH}
