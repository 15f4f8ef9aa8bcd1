"""Who goes to this school today, and what each of them is going to do: the same for the same seed."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lyceum_allocation import TrainerRow
from lyceum_contracts import DEFAULT_ORG
from lyceum_devstack.check import Skill

UNTAUGHT = "latin"
"""A subject that nobody teaches in the sample files: whoever buys it waits."""
WITHOUT_SEAT = 0.05
"""The part of the students who ask for what nobody has a seat for."""
FIRST_NAMES = (
    *("Ada", "Bilal", "Chiara", "Dmitri", "Elif", "Farid", "Greta", "Hugo", "Imani", "Jun", "Keiko", "Lars", "Maya"),
    *(
        "Nadia",
        "Omar",
        "Paula",
        "Quentin",
        "Rosa",
        "Samir",
        "Tara",
        "Uma",
        "Viktor",
        "Wanda",
        "Xenia",
        "Yusuf",
        "Zainab",
    ),
)
LAST_NAMES = (
    *("Abara", "Bauer", "Castillo", "Dubois", "Eriksen", "Fontana", "Gupta", "Haddad", "Ito", "Jansen", "Kowalska"),
    *("Lopez", "Mbeki", "Novak", "Okoye", "Petit", "Qadri"),
)
TITLES = {
    "math": "Algebra from the ground up",
    "physics": "Physics of everyday things",
    "biology": "Life, cell by cell",
    "chemistry": "Chemistry in the kitchen",
    "programming": "First steps in programming",
    "history": "Ten days that made history",
    "music": "Music theory by ear",
    UNTAUGHT: "Latin for the curious",
}


class Habit(StrEnum):
    """What is special about somebody's day."""

    PLAIN = "buys, talks"
    CLICKS = "clicks `buy` four times at once"
    TOLD_TWICE = "is told of as paid twice"
    TOLD_AT_ONCE = "is told of as paid three times at one moment"
    DISTRUSTED = "is first told of as paid by forgers"
    RETURNS = "has all the money back after the first lesson"
    RETURNED_FIRST = "is told of as refunded before being told of as paid"
    PART = "has a part of the money back"
    TWO_ORDERS = "buys the course twice and returns one"
    NEVER_PAYS = "tries to pay in vain"
    TOKEN = "takes a fresh token in between"  # noqa: S105 - what somebody does


CYCLE = (
    Habit.PLAIN,
    Habit.CLICKS,
    Habit.TOLD_TWICE,
    Habit.RETURNS,
    Habit.PLAIN,
    Habit.TOLD_AT_ONCE,
    Habit.PART,
    Habit.TWO_ORDERS,
    Habit.DISTRUSTED,
    Habit.RETURNED_FIRST,
    Habit.PLAIN,
    Habit.NEVER_PAYS,
    Habit.TOKEN,
    Habit.PLAIN,
    Habit.TOLD_TWICE,
    Habit.PLAIN,
    Habit.PLAIN,
    Habit.CLICKS,
    Habit.PLAIN,
    Habit.PLAIN,
)
"""One after the other: a dozen students show all of it, and about half of many have an ordinary day."""


@dataclass(frozen=True, slots=True)
class CoursePlan:
    """A course that is going to be sold."""

    slug: str
    title: str
    subject: str
    languages: tuple[str, ...]
    price_minor: int
    currency: str = "EUR"


@dataclass(frozen=True, slots=True)
class StudentPlan:
    """Somebody who is going to sign up.

    Attributes:
        course: the number of the course that is wanted.
        language: of the trainer that is wanted.
    """

    number: int
    email: str
    name: str
    course: int
    language: str
    habit: Habit


@dataclass(frozen=True, slots=True)
class DayPlan:
    """A day at the school.

    Attributes:
        run: stands in every name, so that any number of days fit into one stack.
    """

    run: str
    trainers: tuple[TrainerRow, ...]
    courses: tuple[CoursePlan, ...]
    students: tuple[StudentPlan, ...]

    def skill_of(self, student: StudentPlan) -> Skill:
        """Return what a student asks of a trainer."""
        return Skill.of(DEFAULT_ORG, self.courses[student.course].subject, student.language)


def plan_day(trainers: Sequence[TrainerRow], *, students: int, run: str, seed: int = 8) -> DayPlan:
    """Plan a day: most students ask for a seat that is there, a few for what nobody can give them."""
    chance = random.Random(seed)
    courses = _courses(trainers, run)
    wishes = _wishes(trainers, courses, students, chance)
    return DayPlan(
        run=run,
        trainers=tuple(trainers),
        courses=courses,
        students=tuple(_student(number, *wish, run=run, chance=chance) for number, wish in enumerate(wishes)),
    )


def _courses(trainers: Sequence[TrainerRow], run: str) -> tuple[CoursePlan, ...]:
    taught = {(subject, language) for row in trainers for subject in row.subjects for language in row.languages}
    subjects = sorted({subject for subject, _ in taught})
    if UNTAUGHT not in subjects:
        subjects.append(UNTAUGHT)
    return tuple(
        CoursePlan(
            slug=f"{'-'.join(subject.split())}-{run}".lower(),
            title=f"{TITLES.get(subject.lower(), subject.title())} ({run})",
            subject=subject,
            languages=tuple(sorted(language for own, language in taught if own == subject)) or ("en",),
            price_minor=2900 + 500 * number,
        )
        for number, subject in enumerate(subjects)
    )


def _wishes(
    trainers: Sequence[TrainerRow], courses: Sequence[CoursePlan], students: int, chance: random.Random
) -> list[tuple[int, str]]:
    """List (number of the course, language), one for each student."""
    number_of = {course.subject: number for number, course in enumerate(courses)}
    seats = [(number_of[subject], language) for row in trainers for subject, language in _seats(row)]
    chance.shuffle(seats)
    ordinary = [number for number in range(students) if _habit(number) is Habit.PLAIN]
    in_vain = frozenset(chance.sample(ordinary, max(1, round(students * WITHOUT_SEAT))))
    untaught = number_of[UNTAUGHT], courses[number_of[UNTAUGHT]].languages[0]
    return [untaught if number in in_vain else seats[number % len(seats)] for number in range(students)]


def _habit(number: int) -> Habit:
    return CYCLE[number % len(CYCLE)]


def _seats(row: TrainerRow) -> Iterator[tuple[str, str]]:
    skills = [(subject, language) for subject in row.subjects for language in row.languages]
    return (skills[seat % len(skills)] for seat in range(row.capacity))


def _student(number: int, course: int, language: str, *, run: str, chance: random.Random) -> StudentPlan:
    first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
    return StudentPlan(
        number=number,
        email=f"{first}.{last}.{number}.{run}@example.com".lower(),
        name=f"{first} {last}",
        course=course,
        language=language,
        habit=_habit(number),
    )
