"""Who buys what, how often, and who wants the money back: the same plan in every run."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from .school import Hired, Offered

STUDENTS = 120
TWICE = range(20)
"""Students who buy their first course twice."""
PURCHASES = 500
"""Four courses of each student, and twenty second purchases of the same course."""

OFFER = (
    Offered("Algebra from the start", "math"),
    Offered("Reading poems", "literature"),
    Offered("Mechanics", "physics"),
    Offered("The fugue", "music"),
)
STAFF = (
    Hired("ada", ("math",), 70),
    Hired("bela", ("math",), 40),
    Hired("cleo", ("physics",), 60),
    Hired("dora", ("literature",), 60),
    Hired("emil", ("literature", "music"), 80),
    Hired("flora", ("music",), 60),
    Hired("gina", ("physics",), 60),
)
"""Seats in physics for everybody; in literature and music 240 students meet 200 seats, so that some of them wait."""


@dataclass(frozen=True, slots=True)
class Click:
    """One order to be.

    Attributes:
        course: number of the course in the offer.
        key: the idempotency key.
        sent_twice: whether the order is sent again, to the other replica, though it was answered.
        told_twice: whether the provider delivers its event twice.
        given_back: whether the money is given back in the end.
    """

    course: int
    key: str
    sent_twice: bool = False
    told_twice: bool = False
    given_back: bool = False


@dataclass(frozen=True, slots=True)
class Visit:
    """A student, and what he buys in this order."""

    number: int
    clicks: tuple[Click, ...]

    @property
    def email(self) -> str:
        return f"student-{self.number}@example.org"


def visits() -> list[Visit]:
    """Everybody's visit. Of those who buy a course twice, the odd ones give one of the two purchases back; of the
    others, every fifteenth gives back the only one."""
    serial = count()
    return [Visit(number, tuple(_clicks(number, serial))) for number in range(STUDENTS)]


def _clicks(number: int, serial: Iterator[int]) -> Iterator[Click]:
    twice = number in TWICE
    for course in range(len(OFFER)):
        only_one_back = not twice and course == 0 and number % 15 == 0
        order = next(serial)
        yield _click(course, order, given_back=only_one_back)
    if twice:
        order = next(serial)
        yield _click(0, order, given_back=number % 2 == 1)


def _click(course: int, order: int, *, given_back: bool) -> Click:
    return Click(course, f"click-{order}", order % 7 == 0, order % 5 == 0, given_back)
