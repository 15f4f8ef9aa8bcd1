"""What the course routes answer."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field

from course_service.courses.catalogue import Listed
from course_service.courses.content import Content, Lesson, Section
from course_service.courses.reading import SeenCourse, SeenVersion
from course_service.states import CourseView, LessonKind
from course_service.wire import ShownAmount, ShownCurrency, ShownId, ShownLanguage, ShownMoment, ShownText
from lyceum_database.states import CourseStatus
from lyceum_web.schemas import Answer

ShownSlug = Annotated[str, Field(examples=["algebra-1"])]
ShownSummary = Annotated[str, Field(examples=["Equations, from the beginning."])]
ShownSubject = Annotated[str, Field(examples=["math"])]
ShownNumber = Annotated[int, Field(examples=[3], description="Of a published version.")]


class ShownLesson(Answer):
    """A lesson."""

    id: ShownId
    title: ShownText
    kind: LessonKind
    ref: ShownId | None
    body: Annotated[str | None, Field(examples=["A number is ..."])]
    free: Annotated[bool, Field(description="Whether those see it who did not buy the course.")]
    locked: Annotated[bool, Field(description="Whether you would have to buy the course to see `ref` and `body`.")]

    @classmethod
    def of(cls, lesson: Lesson, *, opened: bool) -> Self:
        """Show a lesson, or that there is one."""
        shown = opened or lesson.free
        return cls(
            id=lesson.id,
            title=lesson.title,
            kind=LessonKind(lesson.kind),
            ref=lesson.ref if shown else None,
            body=lesson.body if shown else None,
            free=lesson.free,
            locked=not shown,
        )


class ShownSection(Answer):
    """Lessons under one heading."""

    id: ShownId
    title: ShownText
    lessons: list[ShownLesson]

    @classmethod
    def of(cls, section: Section, *, opened: bool) -> Self:
        """Show a section."""
        lessons = [ShownLesson.of(lesson, opened=opened) for lesson in section.lessons]
        return cls(id=section.id, title=section.title, lessons=lessons)


class _ShownContent(Answer):
    title: ShownText
    summary: ShownSummary
    subject: ShownSubject
    languages: list[ShownLanguage]
    price_minor: ShownAmount
    currency: ShownCurrency


class ShownCourse(_ShownContent):
    """A course, as you may see it."""

    id: ShownId
    slug: ShownSlug
    owner_id: ShownId | None
    trainer_ids: list[ShownId]
    status: CourseStatus
    published_version: ShownNumber | None
    published_at: ShownMoment | None
    view: Annotated[CourseView, Field(description="Whether this is the draft or what is published.")]
    sections: list[ShownSection]
    created_at: ShownMoment | None
    updated_at: ShownMoment | None

    @classmethod
    def of(cls, seen: SeenCourse) -> Self:
        """Show a course."""
        course = seen.course
        return cls(
            id=course.id,
            slug=course.slug,
            owner_id=course.owner_id,
            trainer_ids=list(course.trainer_ids),
            status=CourseStatus(course.status),
            published_version=course.published_version,
            published_at=seen.published_at,
            view=seen.view,
            created_at=course.created_at,
            updated_at=course.updated_at if seen.view is CourseView.DRAFT else seen.published_at,
            sections=_sections(seen.content, opened=seen.opened),
            **_head(seen.content),
        )


class ShownVersion(_ShownContent):
    """A published version; it never changes."""

    course_id: ShownId
    number: ShownNumber
    sections: list[ShownSection]
    sha256: Annotated[str, Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])]
    created_at: ShownMoment | None

    @classmethod
    def of(cls, seen: SeenVersion) -> Self:
        """Show a version."""
        version = seen.version
        return cls(
            course_id=version.course_id,
            number=version.number,
            sha256=version.sha256,
            created_at=version.created_at,
            sections=_sections(seen.content, opened=seen.opened),
            **_head(seen.content),
        )


class ListedCourse(_ShownContent):
    """One line of a list of courses."""

    id: ShownId
    slug: ShownSlug
    owner_id: ShownId | None
    trainer_ids: list[ShownId]
    status: CourseStatus
    version: Annotated[int | None, Field(examples=[3], description="Published; null for a draft that never was.")]
    published_at: datetime | None

    @classmethod
    def of(cls, listed: Listed) -> Self:
        """Show a line."""
        course, head = listed.course, listed.head
        return cls(
            id=course.id,
            slug=course.slug,
            title=head.title,
            summary=head.summary,
            subject=head.subject,
            languages=list(head.languages),
            price_minor=head.price_minor,
            currency=head.currency,
            owner_id=course.owner_id,
            trainer_ids=list(course.trainer_ids),
            status=CourseStatus(course.status),
            version=course.published_version,
            published_at=head.published_at,
        )


def _sections(content: Content, *, opened: bool) -> list[ShownSection]:
    return [ShownSection.of(section, opened=opened) for section in content.sections]


def _head(content: Content) -> dict[str, object]:
    return {
        "title": content.title,
        "summary": content.summary,
        "subject": content.subject,
        "languages": list(content.languages),
        "price_minor": content.price_minor,
        "currency": content.currency,
    }
