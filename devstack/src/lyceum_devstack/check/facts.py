"""What went in: trainers with seats, purchases, refunds."""

from dataclasses import dataclass
from typing import NamedTuple, Self


class Skill(NamedTuple):
    """What one student asks of a trainer."""

    org_id: str
    subject: str
    language: str

    @classmethod
    def of(cls, org_id: str, subject: str, language: str) -> Self:
        """Name a skill as the platform tells skills apart: letter case and runs of blanks make no difference."""
        return cls(org_id, " ".join(subject.split()).casefold(), language.strip().casefold())

    def __str__(self) -> str:
        place = "" if self.org_id == "default" else f"{self.org_id}: "
        return f"{place}{self.subject} in {self.language}"


class Enrolment(NamedTuple):
    """One student in one course: at most one trainer each, however often it was bought."""

    org_id: str
    student_id: str
    course_id: str

    def __str__(self) -> str:
        return f"{self.student_id} in {self.course_id}"


@dataclass(frozen=True, slots=True)
class Trainer:
    """A trainer as the input file describes him."""

    trainer_id: str
    skills: frozenset[Skill]
    capacity: int


@dataclass(frozen=True, slots=True)
class Purchase:
    """A paid purchase."""

    purchase_id: str
    enrolment: Enrolment
    skill: Skill


@dataclass(frozen=True, slots=True)
class Refund:
    """A purchase paid back, wholly or in part."""

    purchase_id: str
    enrolment: Enrolment
    full: bool
