"""Which student buys which course, and in which order."""

import random
from typing import NamedTuple

_SEED = 2026


class Course(NamedTuple):
    """What a purchase names: the course, the skill it asks of a trainer, its price in minor units."""

    course_id: str
    subject: str
    language: str
    amount_minor: int
    currency: str


class Enrolment(NamedTuple):
    """One student who buys one course; `number` counts from 1 in the order of the day."""

    number: int
    student_id: str
    course: Course


# Students per course. Chemistry in French has 7 seats in trainers.csv and music 12: those two run out, and nobody
# in the school teaches Latin, so its two students wait until somebody does.
_DEMAND = (
    (Course("algebra-1", "math", "en", 49_00, "USD"), 16),
    (Course("algebra-1-hi", "math", "hi", 2_900_00, "INR"), 14),
    (Course("algebra-1-de", "math", "de", 45_00, "EUR"), 8),
    (Course("algebra-1-es", "math", "es", 39_00, "EUR"), 10),
    (Course("algebra-1-fr", "math", "fr", 45_00, "EUR"), 9),
    (Course("mechanics", "physics", "en", 59_00, "USD"), 12),
    (Course("mechanics-hi", "physics", "hi", 3_400_00, "INR"), 10),
    (Course("mechanics-de", "physics", "de", 55_00, "EUR"), 6),
    (Course("organic-chemistry", "chemistry", "en", 65_00, "USD"), 14),
    (Course("organic-chemistry-hi", "chemistry", "hi", 3_900_00, "INR"), 6),
    (Course("chimie-organique", "chemistry", "fr", 59_00, "EUR"), 14),
    (Course("python-basics", "programming", "en", 79_00, "USD"), 24),
    (Course("python-basics-hi", "programming", "hi", 4_900_00, "INR"), 9),
    (Course("python-basics-de", "programming", "de", 75_00, "EUR"), 6),
    (Course("python-basics-fr", "programming", "fr", 75_00, "EUR"), 6),
    (Course("cell-biology", "biology", "en", 55_00, "USD"), 10),
    (Course("cell-biology-es", "biology", "es", 45_00, "EUR"), 8),
    (Course("cell-biology-de", "biology", "de", 49_00, "EUR"), 6),
    (Course("biologie-cellulaire", "biology", "fr", 49_00, "EUR"), 5),
    (Course("modern-history", "history", "en", 39_00, "USD"), 10),
    (Course("modern-history-es", "history", "es", 35_00, "EUR"), 8),
    (Course("piano", "music", "en", 69_00, "USD"), 8),
    (Course("klavier", "music", "de", 65_00, "EUR"), 8),
    (Course("latin-1", "latin", "en", 49_00, "GBP"), 2),
)


def enrolments() -> list[Enrolment]:
    """The day's enrolments, courses mixed; the same list on every call, machine and Python version."""
    courses = [course for course, students in _DEMAND for _ in range(students)]
    random.Random(_SEED).shuffle(courses)
    return [Enrolment(number, f"student-{number:04}", course) for number, course in enumerate(courses, start=1)]
