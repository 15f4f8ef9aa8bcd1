"""Lists of courses: the catalogue for everybody, and the drafts for their authors."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from course_service.courses.search import HEADS, Condition, CourseSearch
from course_service.courses.words import name_key
from course_service.states import CourseSort, CourseView
from lyceum_database import Course, CourseListing, Repository, translated_errors
from lyceum_database.states import CourseStatus
from lyceum_web.cursors import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseFilter:
    """Which courses, in which order.

    Attributes:
        view: which state of them is looked at, and shown.
        status: None for any.
        of_user: only those that this person owns or teaches.
        price_max: in minor units of whatever currency.
        text: words that all have to be there.
    """

    view: CourseView = CourseView.PUBLISHED
    status: CourseStatus | None = CourseStatus.PUBLISHED
    of_user: str | None = None
    subject: str | None = None
    language: str | None = None
    price_max: int | None = None
    currency: str | None = None
    trainer_id: str | None = None
    text: str | None = None
    sort: CourseSort = CourseSort.NEWEST


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a list.

    Attributes:
        course: read in part: neither its draft nor its outbox; not to be saved.
        head: of the view that was asked for.
    """

    course: Course
    head: CourseListing


class CourseCatalogue(Repository[Course]):
    """Lists of one organization's courses.

    Args:
        search: finds words.
    """

    def __init__(self, search: CourseSearch) -> None:
        super().__init__(Course)
        self._search = search

    def find_page(self, org_id: str, wanted: CourseFilter, *, after: Position | None, limit: int) -> list[Listed]:
        """Return what comes after a position, at most `limit`; nothing if a text is asked for that has no word."""
        conditions = [_equal(org_id, wanted), *_whose(wanted), *_behind(wanted, after)]
        if wanted.text is not None:
            found = self._search.conditions(wanted.text, wanted.view)
            if not found:
                return []
            conditions += found
        courses = self._part(conditions, wanted, limit)
        return [Listed(course, getattr(course, HEADS[wanted.view])) for course in courses]

    def _part(self, conditions: list[Condition], wanted: CourseFilter, limit: int) -> list[Course]:
        """The heads alone: drafts are large."""
        unshown = [head for view, head in HEADS.items() if view is not wanted.view]
        order = [f"{sign}{name}" for name, sign in ((_field(wanted), _sign(wanted)), ("pk", _sign(wanted)))]
        with translated_errors():
            found = Course.objects(__raw__={"$and": conditions}).exclude("draft", "outbox", *unshown)
            return list(found.order_by(*order).limit(limit))


def position(listed: Listed, wanted: CourseFilter) -> Position:
    """Return what a line is sorted by."""
    if wanted.sort is CourseSort.NEWEST:
        since = listed.head.published_at if wanted.view is CourseView.PUBLISHED else listed.course.created_at
        return (since, listed.course.id)
    value = listed.head.title_key if wanted.sort is CourseSort.TITLE else listed.head.price_minor
    return (value, listed.course.id)


def _equal(org_id: str, wanted: CourseFilter) -> dict[str, Any]:
    head = HEADS[wanted.view]
    equal = {
        "status": wanted.status and wanted.status.value,
        "trainer_ids": wanted.trainer_id,
        f"{head}.subject_key": wanted.subject and name_key(wanted.subject),
        f"{head}.language_keys": wanted.language and name_key(wanted.language),
        f"{head}.currency": wanted.currency,
    }
    price: Condition = {} if wanted.price_max is None else {f"{head}.price_minor": {"$lte": wanted.price_max}}
    given = {name: value for name, value in equal.items() if value is not None}
    return {"org_id": org_id, head: {"$ne": None}, **given, **price}


def _whose(wanted: CourseFilter) -> list[Condition]:
    if wanted.of_user is None:
        return []
    return [{"$or": [{"owner_id": wanted.of_user}, {"trainer_ids": wanted.of_user}]}]


def _behind(wanted: CourseFilter, after: Position | None) -> list[Condition]:
    if after is None:
        return []
    field, (value, last_id) = _field(wanted).replace("__", "."), after
    further = "$lt" if _sign(wanted) == "-" else "$gt"
    return [{"$or": [{field: {further: value}}, {field: value, "_id": {further: last_id}}]}]


def _field(wanted: CourseFilter) -> str:
    if wanted.sort is CourseSort.NEWEST and wanted.view is CourseView.DRAFT:
        return "created_at"
    return f"{HEADS[wanted.view]}__{_SORTED_BY[wanted.sort]}"


def _sign(wanted: CourseFilter) -> str:
    return "-" if wanted.sort in (CourseSort.NEWEST, CourseSort.PRICE_DOWN) else ""


_SORTED_BY: Mapping[CourseSort, str] = {
    CourseSort.NEWEST: "published_at",
    CourseSort.TITLE: "title_key",
    CourseSort.PRICE: "price_minor",
    CourseSort.PRICE_DOWN: "price_minor",
}
