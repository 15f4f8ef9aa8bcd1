"""What the course routes read."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StrictBool

from course_service.courses import rules
from course_service.courses.content import Content, Lesson, Section, Sections
from course_service.courses.drafts import NewCourse
from course_service.courses.exceptions import UnfitTree
from course_service.courses.fields import (
    MOST_TRAINERS,
    Body,
    Currency,
    Languages,
    PriceMinor,
    Slug,
    Subject,
    Summary,
    Title,
)
from course_service.states import LessonKind
from course_service.wire import Id
from lyceum_database import new_id
from lyceum_web.schemas import Request

MOST_TOLD = 20
"""Faults of one tree that are told at once."""

_OWN_ID = "Keep it when you send the course again; a new one is made if there is none."


class LessonIn(Request):
    """A lesson, as its author writes it."""

    id: Annotated[Id | None, Field(description=_OWN_ID)] = None
    title: Title
    kind: LessonKind
    ref: Annotated[Id | None, Field(description="Id of the video, material, quiz or exam.")] = None
    body: Body = ""
    free: Annotated[StrictBool, Field(description="Whether those see it who did not buy the course.")] = False

    @property
    def lesson(self) -> Lesson:
        """The same, for the domain."""
        kept = self.model_dump(exclude={"id", "kind"})
        return Lesson(id=self.id or new_id(), kind=self.kind.value, **kept)


class SectionIn(Request):
    """Lessons under one heading, as their author writes them."""

    id: Annotated[Id | None, Field(description=_OWN_ID)] = None
    title: Title
    lessons: Annotated[tuple[LessonIn, ...], Field(max_length=rules.MOST_LESSONS)] = ()

    @property
    def section(self) -> Section:
        """The same, for the domain."""
        return Section(id=self.id or new_id(), title=self.title, lessons=tuple(each.lesson for each in self.lessons))


def sections_of(written: tuple[SectionIn, ...]) -> Sections:
    """Return sections for the domain; those without an id have a new one."""
    return tuple(each.section for each in written)


def _fit(written: tuple[SectionIn, ...]) -> tuple[SectionIn, ...]:
    try:
        rules.check_tree(sections_of(written))
    except UnfitTree as exc:
        faults = (f"{'/'.join(map(str, path))}: {why}" if path else why for path, why in exc.faults[:MOST_TOLD])
        raise ValueError("; ".join(faults)) from exc
    return written


SectionsIn = Annotated[
    tuple[SectionIn, ...],
    Field(max_length=rules.MOST_SECTIONS, description="All of them, in order; they replace what was there."),
    AfterValidator(_fit),
]
TrainerIds = Annotated[
    tuple[Id, ...],
    Field(max_length=MOST_TRAINERS, description="Who teaches it, besides its owner, and may edit it. At once."),
]


class CourseCreate(Request):
    """A new course: a draft, and yours."""

    slug: Slug
    title: Title
    summary: Summary = ""
    subject: Subject
    languages: Languages = ()
    price_minor: PriceMinor = 0
    currency: Currency = "EUR"
    trainer_ids: TrainerIds = ()
    sections: SectionsIn = ()

    @property
    def wanted(self) -> NewCourse:
        """The same, for the domain."""
        content = Content(
            title=self.title,
            summary=self.summary,
            subject=self.subject,
            languages=self.languages,
            price_minor=self.price_minor,
            currency=self.currency,
            sections=sections_of(self.sections),
        )
        return NewCourse(slug=self.slug, content=content, trainer_ids=self.trainer_ids)


def _left_out() -> Any:
    """What a field is that was not given; null, which was, is refused by those that a course must have."""
    return None


_EMPTIED: Mapping[str, Any] = {
    name: CourseCreate.model_fields[name].default
    for name in ("summary", "languages", "price_minor", "currency", "trainer_ids", "sections")
}
"""What null makes of a field: what it is in a course for which nobody gave it."""


class CourseChange(Request):
    """A JSON Merge Patch (RFC 7396): what is left out stays, null is as if it had never been given."""

    slug: Slug = Field(default_factory=_left_out)
    title: Title = Field(default_factory=_left_out)
    summary: Summary | None = None
    subject: Subject = Field(default_factory=_left_out)
    languages: Languages | None = None
    price_minor: PriceMinor | None = None
    currency: Currency | None = None
    owner_id: Id = Field(default_factory=_left_out, description="Whose it is from now on.")
    trainer_ids: TrainerIds | None = None
    sections: SectionsIn | None = None

    @property
    def changes(self) -> Mapping[str, Any]:
        """New values by name, for the domain."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        changes = {name: _EMPTIED[name] if value is None else value for name, value in given.items()}
        if "sections" in changes:
            changes["sections"] = sections_of(changes["sections"])
        return changes
