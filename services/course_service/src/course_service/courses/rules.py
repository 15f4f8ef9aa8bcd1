"""What a course may consist of, and who may do what with it. Pure."""

import json
from collections import Counter
from collections.abc import Iterator

from course_service.courses.content import Content, Sections, ids_of, lessons_of, stored
from course_service.courses.exceptions import Archived, NotPublishable, UnfitTree
from course_service.states import LessonKind
from lyceum_database import Course
from lyceum_database.states import CourseStatus
from lyceum_web.security import Principal

WRITE, PUBLISH, MANAGE = "courses:write", "courses:publish", "courses:manage"

MOST_SECTIONS = 100
MOST_LESSONS = 200
"""Of one section."""
MOST_BYTES = 4 * 1024 * 1024
"""Of all sections, as JSON in UTF-8; a document of MongoDB holds 16 MiB."""


def is_mine(course: Course, user_id: str) -> bool:
    """Tell whether somebody owns or teaches a course."""
    return user_id == course.owner_id or user_id in course.trainer_ids


def sees_draft(course: Course, who: Principal) -> bool:
    """Tell whether somebody sees what is not published: those who edit it, and those who decide on publication."""
    return is_mine(course, who.user_id) or who.may(MANAGE) or who.may(PUBLISH)


def edits(course: Course, who: Principal) -> bool:
    """Tell whether somebody may change the draft."""
    return who.may(MANAGE) or (who.may(WRITE) and is_mine(course, who.user_id))


def governs(course: Course, who: Principal) -> bool:
    """Tell whether somebody decides who teaches a course, and when it ends."""
    return who.may(MANAGE) or user_owns(course, who)


def user_owns(course: Course, who: Principal) -> bool:
    """Tell whether the course is somebody's own."""
    return course.owner_id is not None and course.owner_id == who.user_id


def check_open(course: Course) -> None:
    """Refuse what cannot be changed any more.

    Raises:
        Archived: that is for good.
    """
    if course.status == CourseStatus.ARCHIVED.value:
        raise Archived


def check_tree(sections: Sections) -> None:
    """Check sections that came from outside.

    Raises:
        UnfitTree: an id is there twice, or all together are too large.
    """
    faults = list(_repeated_ids(sections))
    if not faults and _size(sections) > MOST_BYTES:
        faults.append(((), f"all sections together may have {MOST_BYTES // 1024 // 1024} MiB"))
    if faults:
        raise UnfitTree(faults)


def check_publishable(content: Content) -> None:
    """Check that learners get something.

    Raises:
        NotPublishable: names all that is missing.
    """
    missing = list(_missing(content))
    if missing:
        raise NotPublishable(missing)


def _repeated_ids(sections: Sections) -> Iterator[tuple[tuple[str | int, ...], str]]:
    counted = Counter(ids_of(sections))
    seen: set[str] = set()
    for at, section in enumerate(sections):
        places: list[tuple[tuple[str | int, ...], str]] = [((at, "id"), section.id)]
        places += [((at, "lessons", index, "id"), lesson.id) for index, lesson in enumerate(section.lessons)]
        for path, one in places:
            if counted[one] > 1 and one in seen:
                yield path, "ids of sections and lessons are unique in their course"
            seen.add(one)


def _size(sections: Sections) -> int:
    return len(json.dumps(stored(sections), ensure_ascii=False).encode())


def _missing(content: Content) -> Iterator[str]:
    if not content.languages:
        yield "name a language"
    if not any(lessons_of(content.sections)):
        yield "add a section with a lesson"
    for lesson in lessons_of(content.sections):
        if lesson.kind == LessonKind.TEXT.value:
            if not lesson.body.strip():
                yield f"lesson {lesson.id}: a text needs a body"
        elif lesson.ref is None:
            yield f"lesson {lesson.id}: a {lesson.kind} needs a ref"
