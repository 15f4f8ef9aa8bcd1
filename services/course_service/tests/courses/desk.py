"""The desk at which authors and publishers work on one course, without HTTP; whoever works there may die at any call."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from course_service.authoring import MODELS
from course_service.courses.attendance import EnrolledAttendance
from course_service.courses.content import Content, Lesson, Section
from course_service.courses.drafts import NewCourse, draft_of
from course_service.courses.publishing import Publishing
from course_service.courses.reading import CourseReading, content_of
from course_service.courses.repository import CourseStore, CourseVersions
from course_service.courses.service import CourseService
from course_service.enrolments.repository import EnrolmentRepository
from course_service.models import CourseVersion, Enrolment
from lyceum_database import Course
from lyceum_database.testing import ManualClock
from lyceum_database.testing.stepping import stepped_database
from lyceum_web.security import Principal

STORED = (*MODELS, Enrolment)
MANAGER = Principal(
    "boss", "s", "default", permissions=frozenset({"courses:write", "courses:publish", "courses:manage"})
)
COURSE = "algebra"
LESSON = Lesson(id="l1", title="Zero", kind="text", body="Nothing.")
CONTENT = Content(
    title="Algebra",
    summary="",
    subject="math",
    languages=("en",),
    price_minor=4900,
    currency="EUR",
    sections=(Section(id="s1", title="Numbers", lessons=(LESSON,)),),
)


class StaleError(Exception):
    """The course is not at the version that was seen."""


def whatever(version: int) -> None:
    """See every version, as `If-Match: *` does."""
    assert version


@dataclass
class Desk:
    """The services, and what is stored."""

    clock: ManualClock = field(default_factory=ManualClock)

    def __post_init__(self) -> None:
        self.courses, self.versions = CourseStore(clock=self.clock), CourseVersions(clock=self.clock)
        attendance = EnrolledAttendance(EnrolmentRepository(clock=self.clock))
        self.reading = CourseReading(self.courses, self.versions, attendance)
        publishing = Publishing(self.courses, self.versions, clock=self.clock)
        self.service = CourseService(
            courses=self.courses, reading=self.reading, publishing=publishing, clock=self.clock
        )

    def opens(self) -> None:
        self.service.create(COURSE, NewCourse(slug=COURSE, content=CONTENT), MANAGER)

    def edits(self, seen: int | None = None, **changes: Any) -> None:
        self.service.change(COURSE, changes, MANAGER, whatever if seen is None else exactly(seen))

    def publishes(self, seen: int | None = None) -> None:
        self.service.publish(COURSE, MANAGER, whatever if seen is None else exactly(seen))

    def archives(self) -> None:
        self.service.archive(COURSE, MANAGER, whatever)

    @property
    def course(self) -> Course:
        return self.courses.get(COURSE)

    @property
    def draft(self) -> Content:
        return draft_of(self.course)

    @property
    def published(self) -> Content | None:
        """What learners see."""
        number = self.course.published_version
        found = None if number is None else self.versions.find(COURSE, number)
        assert (number is None) == (found is None), "the course points at a version that is not there"
        return None if found is None else content_of(found)

    @property
    def told(self) -> list[Any]:
        """The events, in order: numbers of published versions, and `archived`."""
        return [
            json.loads(entry["value"])["version"] if entry["type"] == "COURSE_PUBLISHED" else "archived"
            for entry in self.course.outbox
        ]

    def stored_versions(self) -> dict[int, Any]:
        return {version.number: version.to_mongo() for version in CourseVersion.objects}

    def is_whole(self) -> None:
        """What holds at every moment, whoever died or stands still wherever."""
        course, published = self.course, self.published
        assert (course.listed is None) == (published is None)
        assert course.drafted is not None
        assert course.drafted.title == course.title
        if published is not None:
            assert course.listed is not None
            assert course.listed.number == course.published_version
            assert (course.listed.title, course.listed.price_minor) == (published.title, published.price_minor)
        numbers = [number for number in self.told if number != "archived"]
        assert numbers == sorted(set(numbers)), "each publication has a higher number, and is told once"
        assert numbers[-1:] == ([] if course.published_version is None else [course.published_version])
        assert ("archived" in self.told) == (course.status == "archived")
        assert "archived" not in self.told[:-1], "nothing is told after the end"
        for version in CourseVersion.objects:
            assert version.sha256 == content_of(version).sha256


def exactly(seen: int) -> Any:
    """See one version only, as `If-Match: "7"` does."""

    def check(version: int) -> None:
        if version != seen:
            raise StaleError

    return check


@contextmanager
def open_desk() -> Iterator[Desk]:
    with stepped_database(STORED):
        desk = Desk()
        desk.opens()
        yield desk
