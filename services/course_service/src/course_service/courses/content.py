"""What a course consists of: what is edited as a draft, published as a version, and never changed after that."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One thing to learn.

    Attributes:
        id: stable over edits; unique among the sections and lessons of its course.
        kind: a `LessonKind`.
        ref: id of the video, material, quiz or exam.
        body: the text of a text lesson.
        free: whether those see it who did not buy the course.
    """

    id: str
    title: str
    kind: str
    ref: str | None = None
    body: str = ""
    free: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Lessons under one heading; its id is as stable as theirs."""

    id: str
    title: str
    lessons: tuple[Lesson, ...] = ()


Sections = tuple[Section, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """All that a version holds."""

    title: str
    summary: str
    subject: str
    languages: tuple[str, ...]
    price_minor: int
    currency: str
    sections: Sections

    @property
    def sha256(self) -> str:
        """Of the whole, in one canonical form: equal contents have equal ones, in every process."""
        whole = {field.name: getattr(self, field.name) for field in fields(self)} | {"sections": stored(self.sections)}
        text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @classmethod
    def of(cls, document: Any, sections: Sections) -> Self:
        """Take it from a document that has fields of these names."""
        scalar = {field.name: getattr(document, field.name) for field in fields(cls) if field.name in _SCALARS}
        return cls(**scalar, languages=tuple(document.languages), sections=sections)


_SCALARS = frozenset({"title", "summary", "subject", "price_minor", "currency"})


def lessons_of(sections: Iterable[Section]) -> Iterator[Lesson]:
    """Every lesson, in order."""
    for section in sections:
        yield from section.lessons


def ids_of(sections: Iterable[Section]) -> Iterator[str]:
    """The id of every section and lesson."""
    for section in sections:
        yield section.id
        for lesson in section.lessons:
            yield lesson.id


def stored(sections: Sections) -> list[dict[str, Any]]:
    """Return sections as a document keeps them."""
    return [
        {"id": section.id, "title": section.title, "lessons": [_kept(lesson) for lesson in section.lessons]}
        for section in sections
    ]


def read(kept: Iterable[Mapping[str, Any]]) -> Sections:
    """Return what `stored` made; what a newer release added is left out."""
    return tuple(
        Section(
            id=section["id"],
            title=section["title"],
            lessons=tuple(_lesson(lesson) for lesson in section.get("lessons", ())),
        )
        for section in kept
    )


def _lesson(kept: Mapping[str, Any]) -> Lesson:
    return Lesson(**{name: kept[name] for name in _OF_A_LESSON if name in kept})


def _kept(lesson: Lesson) -> dict[str, Any]:
    """`dataclasses.asdict` copies as deep as it can, which takes many times as long; of 20,000 that is felt."""
    return {name: getattr(lesson, name) for name in _OF_A_LESSON}


_OF_A_LESSON = tuple(field.name for field in fields(Lesson))
