"""What authors write: a new course, and changes of its draft. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from course_service.courses import rules
from course_service.courses.content import Content, Sections, read, stored
from course_service.courses.exceptions import NotYours, SlugFixed
from course_service.courses.listing import listing_of
from lyceum_database import Course
from lyceum_web.security import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCourse:
    """What a course begins with."""

    slug: str
    content: Content
    trainer_ids: tuple[str, ...] = ()


def draft_of(course: Course) -> Content:
    """Return the draft of a course."""
    return Content.of(course, read(course.draft.get("sections", ())))


def course_of(wanted: NewCourse, *, course_id: str, org_id: str, owner_id: str | None) -> Course:
    """Return a new course, not stored yet.

    Raises:
        UnfitTree: its sections break a rule.
    """
    rules.check_tree(wanted.content.sections)
    return Course(
        id=course_id,
        org_id=org_id,
        slug=wanted.slug,
        owner_id=owner_id,
        trainer_ids=list(wanted.trainer_ids),
        **written(wanted.content),
    )


def written(content: Content) -> dict[str, Any]:
    """Return the fields of a course that hold its draft."""
    return {
        "title": content.title,
        "summary": content.summary,
        "subject": content.subject,
        "languages": list(content.languages),
        "price_minor": content.price_minor,
        "currency": content.currency,
        "draft": {"sections": stored(content.sections)},
        "drafted": listing_of(content),
    }


def edited(course: Course, changes: Mapping[str, Any], who: Principal) -> dict[str, Any]:
    """Return the fields that a change writes; none if it says what is there.

    Args:
        course: as it was read.
        changes: new values by name, those of `Content` and `slug`, `trainer_ids`, `owner_id`.
        who: wants it.

    Raises:
        Archived, NotYours, SlugFixed, UnfitTree: it may not be so.
    """
    rules.check_open(course)
    live = {name: value for name, value in changes.items() if name in _LIVE and value != _present(course, name)}
    _check_live(course, live, who)
    before = draft_of(course)
    content = Content.of(_Edited(course, changes), _sections(changes, before))
    rules.check_tree(content.sections)
    fields: dict[str, Any] = {name: list(value) if name == "trainer_ids" else value for name, value in live.items()}
    return fields if content == before else {**fields, **written(content)}


_LIVE = frozenset({"slug", "trainer_ids", "owner_id"})
"""Take effect at once, without a publication."""


def _present(course: Course, name: str) -> Any:
    value = getattr(course, name)
    return tuple(value) if name == "trainer_ids" else value


def _check_live(course: Course, live: Mapping[str, Any], who: Principal) -> None:
    if "slug" in live and course.published_version is not None:
        raise SlugFixed
    if "owner_id" in live and not who.may(rules.MANAGE):
        raise NotYours(f"a course changes hands by somebody with {rules.MANAGE}")
    if "trainer_ids" in live and not rules.governs(course, who):
        raise NotYours(f"who teaches a course decides its owner, or somebody with {rules.MANAGE}")


def _sections(changes: Mapping[str, Any], before: Content) -> Sections:
    sections: Sections = changes.get("sections", before.sections)
    return sections


class _Edited:
    """A course as it would read after a change."""

    def __init__(self, course: Course, changes: Mapping[str, Any]) -> None:
        self._course = course
        self._changes = changes

    def __getattr__(self, name: str) -> Any:
        return self._changes[name] if name in self._changes else getattr(self._course, name)
