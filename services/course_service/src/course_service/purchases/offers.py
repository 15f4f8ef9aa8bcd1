"""What a course costs now: the price comes from here, never from whoever buys."""

from dataclasses import dataclass
from typing import Protocol

from course_service.models import CourseVersion
from course_service.purchases.exceptions import NotForSale
from lyceum_database import Course
from lyceum_database.states import CourseStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A course as it is sold at this moment.

    Attributes:
        version: number of the published version.
        languages: in which it is taught, the main one first.
    """

    title: str
    price_minor: int
    currency: str
    subject: str
    version: int
    languages: tuple[str, ...] = ()


class CourseOffers(Protocol):
    """Knows what is for sale."""

    def offer(self, course_id: str, org_id: str) -> Offer:
        """Return what a course costs.

        Raises:
            NotFound: the organization has no such course.
            NotForSale: it is not published (any more).
        """


class Courses(Protocol):
    """Knows courses."""

    def head(self, course_id: str, *, org_id: str) -> Course:
        """Return a course, at least what is said of it in lists.

        Raises:
            NotFound: the organization has none of this id.
        """


class Versions(Protocol):
    """Knows what was published."""

    def head(self, course_id: str, number: int) -> CourseVersion | None:
        """Return a version of a course, at least its price and title; or None."""


class StoredOffers:
    """Offers of the published versions: what learners see is what they pay, whatever the draft says."""

    def __init__(self, courses: Courses, versions: Versions) -> None:
        self._courses = courses
        self._versions = versions

    def offer(self, course_id: str, org_id: str) -> Offer:
        """See `CourseOffers`."""
        course = self._courses.head(course_id, org_id=org_id)
        if course.status == CourseStatus.ARCHIVED.value:
            raise NotForSale("this course is archived and no longer sold")
        number = course.published_version if course.status == CourseStatus.PUBLISHED.value else None
        version = None if number is None else self._versions.head(course_id, number)
        if version is None:
            raise NotForSale("this course is not published yet")
        return Offer(
            title=version.title,
            price_minor=version.price_minor,
            currency=version.currency,
            subject=version.subject,
            version=version.number,
            languages=tuple(version.languages),
        )
