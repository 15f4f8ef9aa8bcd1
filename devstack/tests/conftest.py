"""A naive school, written without regard to the worker: one student after the other, first trainer with a free seat."""

import fcntl
import random
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from lyceum_devstack.check import (
    Case,
    Enrolment,
    Letter,
    Notice,
    Observation,
    Position,
    Purchase,
    Refund,
    SeenAllocation,
    SeenTrainer,
    Sent,
    Skill,
    Trainer,
    expect,
)

Event = Purchase | Refund


@dataclass
class School:
    trainers: list[Trainer]
    seats: dict[Enrolment, str] = field(default_factory=dict)
    queue: list[Enrolment] = field(default_factory=list)
    asked: dict[Enrolment, Skill] = field(default_factory=dict)
    held: dict[Enrolment, list[str]] = field(default_factory=dict)
    void: set[str] = field(default_factory=set)
    notices: list[Notice] = field(default_factory=list)

    def hear(self, event: Event) -> None:
        held = self.held.setdefault(event.enrolment, [])
        if isinstance(event, Refund):
            if event.full:
                self.void.add(event.purchase_id)
                if held and set(held) <= self.void:
                    self.leave(event.enrolment)
            return
        if event.purchase_id in self.void:
            return
        if set(held) <= self.void:
            self.asked[event.enrolment] = event.skill
            self.queue.append(event.enrolment)
            self.announce("ALLOCATION_WAITLISTED", event.enrolment)
        held.append(event.purchase_id)
        self.fill()

    def leave(self, enrolment: Enrolment) -> None:
        if enrolment in self.queue:
            self.queue.remove(enrolment)
        elif self.seats.pop(enrolment, None):
            self.announce("TRAINER_DEALLOCATED", enrolment)
        self.fill()

    def fill(self) -> None:
        for enrolment in list(self.queue):
            for trainer in self.trainers:
                load = list(self.seats.values()).count(trainer.trainer_id)
                if self.asked[enrolment] in trainer.skills and load < trainer.capacity:
                    self.queue.remove(enrolment)
                    self.seats[enrolment] = trainer.trainer_id
                    self.announce("TRAINER_ALLOCATED", enrolment)
                    break

    def announce(self, what: str, enrolment: Enrolment) -> None:
        number = len(self.notices)
        self.notices.append(Notice(f"n{number}", what, name(enrolment), self.seats.get(enrolment)))

    def allocations(self) -> tuple[SeenAllocation, ...]:
        return tuple(
            SeenAllocation(name(who), who, self.asked[who], self.state(who), self.seats.get(who), epoch=1)
            for who in self.asked
        )

    def state(self, enrolment: Enrolment) -> str:
        if enrolment in self.seats:
            return "ASSIGNED"
        return "PENDING" if enrolment in self.queue else "CANCELLED"

    def books(self) -> tuple[SeenTrainer, ...]:
        return tuple(self.book(trainer) for trainer in self.trainers)

    def book(self, trainer: Trainer) -> SeenTrainer:
        seats = tuple((name(who), 1) for who, holder in self.seats.items() if holder == trainer.trainer_id)
        free = trainer.capacity - len(seats)
        return SeenTrainer(trainer.trainer_id, trainer.capacity, len(seats), free, seats)


def name(enrolment: Enrolment) -> str:
    return f"{enrolment.student_id}-{enrolment.course_id}"


def run(trainers: list[Trainer], events: list[Event], *, doomed: frozenset[int] = frozenset(), seed: int = 0) -> Case:
    """Play ``events`` in the school; those numbered in ``doomed`` go to the dead letters instead."""
    chance = random.Random(seed)
    order = list(trainers)
    chance.shuffle(order)
    school = School(order)
    sent = [record(number, doomed=number in doomed) for number in range(len(events))]
    for number, event in enumerate(events):
        if number not in doomed:
            school.hear(event)
    lived = [event for number, event in enumerate(events) if number not in doomed]
    seen = Observation(
        allocations=school.allocations(),
        trainers=school.books(),
        letters=tuple(Letter(one.position, "exhausted", one.key, one.value) for one in sent if one.doomed),
        notices=tuple(school.notices),
        done=frozenset(one.event_id for one in sent if one.event_id and not one.doomed),
        committed={0: len(sent)},
        failed={one.event_id: 5 for one in sent if one.event_id and one.doomed},
        redefined={},
    )
    return Case(expect(trainers, lived), tuple(sent), seen)


def record(number: int, *, doomed: bool) -> Sent:
    sent = Sent(Position(0, number), f"e{number}", f"key {number}".encode(), f"value {number}".encode())
    return replace(sent, doomed="always fails", failures=5) if doomed else sent


@pytest.fixture(scope="session")
def play() -> Callable[..., Case]:
    """The naive school, played over trainers and events."""
    return run


@pytest.fixture(scope="module")
def plain_names() -> Iterator[None]:
    """For tests that use plain topic names, or look for names of any demo, on servers that others share: one file at a time."""
    with (Path(tempfile.gettempdir()) / "lyceum-plain-names.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
