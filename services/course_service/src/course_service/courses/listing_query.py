"""Which courses somebody asks to be listed."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from course_service.courses import rules
from course_service.courses.catalogue import CourseFilter
from course_service.courses.fields import HIGHEST_PRICE_MINOR, Currency
from course_service.states import CourseSort, CourseView
from course_service.wire import Id, Language
from lyceum_database.states import CourseStatus
from lyceum_web.security import Forbidden, Principal


class AskedStatus(StrEnum):
    """Of one's own courses."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"
    ANY = "any"


class CourseQuery(BaseModel):
    """The filters of a list of courses; all that are given have to hold."""

    model_config = ConfigDict(frozen=True)

    status: Annotated[
        AskedStatus | None,
        Field(
            description="Instead of the catalogue, your own courses as you edit them, in this status; "
            f"with {rules.MANAGE} everybody's."
        ),
    ] = None
    subject: Annotated[str | None, Field(min_length=1, max_length=64, examples=["math"])] = None
    language: Annotated[Language | None, Field(description="One of those in which it is taught.")] = None
    price_max: Annotated[
        int | None,
        Field(ge=0, le=HIGHEST_PRICE_MINOR, description="In minor units of whatever `currency` it is sold in."),
    ] = None
    currency: Annotated[Currency | None, Field(description="In which it is sold.")] = None
    trainer_id: Annotated[Id | None, Field(description="Who teaches it.")] = None
    q: Annotated[
        str | None,
        Field(min_length=1, max_length=200, description="Words, all in title, summary or subject.", examples=["alg"]),
    ] = None
    sort: Annotated[CourseSort, Field(description="`newest` is by publication.")] = CourseSort.NEWEST

    def filter(self, who: Principal) -> CourseFilter:
        """Return what is listed for somebody.

        Raises:
            Forbidden: they ask for courses as authors see them, and are no author.
        """
        if self.status is not None and not any(map(who.may, (rules.WRITE, rules.PUBLISH, rules.MANAGE))):
            raise Forbidden(rules.WRITE)
        every = who.may(rules.MANAGE) or who.may(rules.PUBLISH)
        catalogue = self.status is None
        return CourseFilter(
            view=CourseView.PUBLISHED if catalogue else CourseView.DRAFT,
            status=CourseStatus.PUBLISHED if catalogue else _STATUS[self.status],
            of_user=None if catalogue or every else who.user_id,
            subject=self.subject,
            language=self.language,
            price_max=self.price_max,
            currency=self.currency,
            trainer_id=self.trainer_id,
            text=self.q,
            sort=self.sort,
        )


_STATUS: dict[AskedStatus | None, CourseStatus | None] = {
    AskedStatus.DRAFT: CourseStatus.DRAFT,
    AskedStatus.PUBLISHED: CourseStatus.PUBLISHED,
    AskedStatus.ARCHIVED: CourseStatus.ARCHIVED,
    AskedStatus.ANY: None,
}
