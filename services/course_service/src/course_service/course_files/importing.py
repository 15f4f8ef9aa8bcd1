"""Courses from a file into the database: everything is checked before anything is written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from course_service.changes import Change
from course_service.course_files.exceptions import FileRefused, Problem
from course_service.course_files.matching import with_known_ids
from course_service.course_files.reading import FileCourse
from course_service.courses import rules
from course_service.courses.content import Sections
from course_service.courses.drafts import course_of, draft_of, edited
from course_service.courses.exceptions import CourseError
from course_service.courses.publishing import Publishing
from course_service.courses.repository import CourseStore
from course_service.courses.schemas import CourseCreate
from lyceum_database import Course, Duplicate, new_id, until_settled
from lyceum_web.security import Principal

OPERATOR = "operator"
"""Who did it, where a user id is kept; as in the events of the auth service."""
_LOOKED_UP = 100
"""Courses read from the database at one time."""


class Outcome(StrEnum):
    """What an import does to a course."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Planned:
    """A course of the file, and what becomes of it."""

    course: FileCourse
    outcome: Outcome


class CourseImport:
    """Brings courses up to date with a file; the slug says which is which, and what the file leaves out stays.

    Args:
        courses: where they are kept.
        publishing: publishes what was imported; None to leave it drafts.
        org_id: whose courses they are.
        owner_id: of new ones; None for nobody, so that only managers edit them.
    """

    def __init__(
        self, courses: CourseStore, publishing: Publishing | None, *, org_id: str, owner_id: str | None
    ) -> None:
        self._courses = courses
        self._publishing = publishing
        self._org_id = org_id
        self._owner_id = owner_id
        may = frozenset({rules.WRITE, rules.PUBLISH, rules.MANAGE})
        self._who = Principal(OPERATOR, OPERATOR, org_id, permissions=may)

    def plan(self, path: Path, found: Sequence[FileCourse]) -> list[Planned]:
        """Say what would become of each course, without writing anything.

        Raises:
            FileRefused: some cannot be written; tells all of them.
        """
        problems: list[Problem] = []
        planned = [each for part in _parts(found) for each in self._planned(part, problems)]
        if problems:
            raise FileRefused(path, problems)
        return planned

    def write(self, found: FileCourse) -> bool:
        """Write one course, whatever it has become since it was planned; tells whether it was published anew.

        Raises:
            CourseError: it cannot be written any more.
            Contended: others write to it all the time.
        """
        return until_settled(lambda: self._written(found.written))

    def _planned(self, part: Sequence[FileCourse], problems: list[Problem]) -> Iterator[Planned]:
        slugs = [each.written.slug for each in part]
        known = {course.slug: course for course in self._courses.by_slugs(slugs, org_id=self._org_id)}
        for each in part:
            try:
                yield Planned(each, self._outcome(each.written, known.get(each.written.slug)))
            except CourseError as exc:
                problems.append(Problem(each.line, f"{each.written.slug}: {exc}"))

    def _outcome(self, written: CourseCreate, known: Course | None) -> Outcome:
        course = known or self._new(written)
        fields = {} if known is None else self._fields(written, known)
        if self._publishing is not None:
            _apply(course, fields)
            rules.check_publishable(draft_of(course))
        if known is None:
            return Outcome.CREATED
        return Outcome.UPDATED if fields else Outcome.UNCHANGED

    def _written(self, written: CourseCreate) -> bool | None:
        """None if somebody was faster."""
        course = self._courses.by_slug(written.slug, org_id=self._org_id)
        if course is None:
            try:
                course = self._courses.insert(self._new(written))
            except Duplicate:
                return None
        else:
            fields = self._fields(written, course)
            if fields and not self._courses.change(course, Change(fields)):
                return None
        return self._published(course)

    def _published(self, course: Course) -> bool | None:
        if self._publishing is None:
            return False
        before = course.published_version
        if not self._publishing.publish(course, by=self._owner_id or OPERATOR):
            return None
        return course.published_version != before

    def _new(self, written: CourseCreate) -> Course:
        return course_of(written.wanted, course_id=new_id(), org_id=self._org_id, owner_id=self._owner_id)

    def _fields(self, written: CourseCreate, known: Course) -> dict[str, Any]:
        return edited(known, _changes(written, draft_of(known).sections), self._who)


def _changes(written: CourseCreate, known: Sections) -> Mapping[str, Any]:
    changes = {name: getattr(written, name) for name in written.model_fields_set}
    if "sections" in changes:
        changes["sections"] = with_known_ids(written.sections, known)
    return changes


def _apply(course: Course, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        setattr(course, name, value)


def _parts(found: Sequence[FileCourse]) -> Iterable[Sequence[FileCourse]]:
    return (found[start : start + _LOOKED_UP] for start in range(0, len(found), _LOOKED_UP))
