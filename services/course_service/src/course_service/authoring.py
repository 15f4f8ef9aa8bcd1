"""Puts together everything about courses themselves: a part of the composition root, for it to call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter

from course_service.courses.attendance import EnrolledAttendance
from course_service.courses.catalogue import CourseCatalogue
from course_service.courses.publishing import Publishing
from course_service.courses.reading import CourseReading
from course_service.courses.repository import CourseStore, CourseVersions
from course_service.courses.router import router as course_routes
from course_service.courses.search import CourseSearch, SearchKind, TokenSearch
from course_service.courses.service import CourseService
from course_service.courses.text_search import TextIndexSearch
from course_service.enrolments.repository import EnrolmentRepository
from course_service.models import CourseVersion
from course_service.purchases.offers import CourseOffers, StoredOffers
from lyceum_database import Clock, Course, utc_now

ROUTERS: tuple[APIRouter, ...] = (course_routes,)
MODELS = (Course, CourseVersion)

SEARCHES: Mapping[SearchKind, Callable[[], CourseSearch]] = {
    SearchKind.TOKENS: TokenSearch,
    SearchKind.TEXT: TextIndexSearch,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Authoring:
    """What was built, each once.

    Attributes:
        services: what routes ask for, by class.
        offers: what courses cost, for whoever sells them.
        search: may need an index of its own: see `CourseSearch`.
    """

    services: Mapping[type, Any]
    offers: CourseOffers
    search: CourseSearch


def build_authoring(*, search: SearchKind = SearchKind.TOKENS, clock: Clock = utc_now) -> Authoring:
    """Build it; nothing is connected or asked yet.

    Args:
        search: how words are looked for in the catalogue.
        clock: tells the time.
    """
    courses, versions = CourseStore(clock=clock), CourseVersions(clock=clock)
    reading = CourseReading(courses, versions, EnrolledAttendance(EnrolmentRepository(clock=clock)))
    publishing = Publishing(courses, versions, clock=clock)
    service = CourseService(courses=courses, reading=reading, publishing=publishing, clock=clock)
    searching = SEARCHES[search]()
    catalogue = CourseCatalogue(searching)
    return Authoring(
        services={type(one): one for one in (service, reading, catalogue)},
        offers=StoredOffers(courses, versions),
        search=searching,
    )
