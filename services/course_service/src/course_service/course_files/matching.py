"""Ids for what a file names by its title: lessons keep theirs when the file is imported again. Pure."""

from collections import defaultdict
from collections.abc import Set as AbstractSet

from course_service.courses.content import Lesson, Section, Sections, ids_of
from course_service.courses.schemas import LessonIn, SectionIn
from lyceum_database import new_id


def with_known_ids(written: tuple[SectionIn, ...], known: Sections) -> Sections:
    """Give each section and lesson that says no id the one of its namesake, or a new one.

    Of several of one title the first has the first id. A lesson is looked for in its own section, then elsewhere.
    """
    given = {section.id for section in written} | {lesson.id for section in written for lesson in section.lessons}
    names = _Names(known, given)
    section_ids = [section.id or names.section(section.title) for section in written]
    chosen: dict[tuple[int, int], str] = {}
    for at, section in enumerate(written):
        for index, lesson in enumerate(section.lessons):
            if (its_id := lesson.id or names.lesson_in(section_ids[at], lesson.title)) is not None:
                chosen[at, index] = its_id
    return tuple(
        Section(
            id=section_ids[at],
            title=section.title,
            lessons=tuple(
                _lesson(lesson, chosen.get((at, index)) or names.lesson(lesson.title))
                for index, lesson in enumerate(section.lessons)
            ),
        )
        for at, section in enumerate(written)
    )


class _Names:
    """The ids that are there, each handed out once."""

    def __init__(self, known: Sections, given: AbstractSet[str | None]) -> None:
        self._left = set(ids_of(known)) - given
        self._sections: dict[str, list[str]] = defaultdict(list)
        self._within: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._lessons: dict[str, list[str]] = defaultdict(list)
        for section in known:
            self._sections[section.title].append(section.id)
            for lesson in section.lessons:
                self._within[section.id, lesson.title].append(lesson.id)
                self._lessons[lesson.title].append(lesson.id)

    def section(self, title: str) -> str:
        return self._taken(self._sections[title]) or new_id()

    def lesson_in(self, section_id: str, title: str) -> str | None:
        return self._taken(self._within[section_id, title])

    def lesson(self, title: str) -> str:
        return self._taken(self._lessons[title]) or new_id()

    def _taken(self, ids: list[str]) -> str | None:
        for one in ids:
            if one in self._left:
                self._left.remove(one)
                return one
        return None


def _lesson(written: LessonIn, its_id: str) -> Lesson:
    return Lesson(id=its_id, kind=written.kind.value, **written.model_dump(exclude={"id", "kind"}))
