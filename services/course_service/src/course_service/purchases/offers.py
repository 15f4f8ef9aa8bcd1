"""What a course costs now: the price comes from here, never from whoever buys."""

from dataclasses import dataclass
from typing import Protocol

from course_service.purchases.exceptions import NotForSale
from lyceum_database import CourseRepository
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
    version: int | None
    languages: tuple[str, ...] = ()


class CourseOffers(Protocol):
    """Knows what is for sale."""

    def offer(self, course_id: str, org_id: str) -> Offer:
        """Return what a course costs.

        Raises:
            NotFound: the organization has no such course.
            NotForSale: it is not published (any more).
        """


class StoredOffers:
    """Offers of the courses as they are stored."""

    def __init__(self, courses: CourseRepository) -> None:
        self._courses = courses

    def offer(self, course_id: str, org_id: str) -> Offer:
        """See `CourseOffers`."""
        course = self._courses.get(course_id, org_id=org_id)
        if course.status == CourseStatus.ARCHIVED.value:
            raise NotForSale("this course is archived and no longer sold")
        if course.status != CourseStatus.PUBLISHED.value:
            raise NotForSale("this course is not published yet")
        return Offer(
            title=course.title,
            price_minor=course.price_minor,
            currency=course.currency,
            subject=course.subject,
            version=course.published_version,
            languages=tuple(course.languages),
        )
