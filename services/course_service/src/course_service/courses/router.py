"""Routes of courses."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response, status
from fastapi.responses import JSONResponse

from course_service.courses import rules
from course_service.courses.answers import ListedCourse, ShownCourse, ShownVersion
from course_service.courses.catalogue import CourseCatalogue, position
from course_service.courses.listing_query import CourseQuery
from course_service.courses.reading import CourseReading, SeenCourse
from course_service.courses.schemas import CourseChange, CourseCreate
from course_service.courses.service import CourseService
from course_service.states import CourseView
from course_service.wire import Id
from lyceum_database import Course
from lyceum_web.etags import IfMatch, IfNoneMatch, etag, not_modified
from lyceum_web.idempotency import Idempotent
from lyceum_web.limits import allowing
from lyceum_web.openapi import problems
from lyceum_web.pages import Page, PageQuery
from lyceum_web.provided import provided
from lyceum_web.security import CurrentPrincipal, requires

COURSE_BYTES = 6 * 1024 * 1024
"""The largest tree of sections, with the names of its fields and some escapes."""
COURSE_VALUES = 200_000
"""Of the largest tree: seven for each of 20,000 lessons, and some."""

Courses = Annotated[CourseService, provided(CourseService)]
Reading = Annotated[CourseReading, provided(CourseReading)]
Catalogue = Annotated[CourseCatalogue, provided(CourseCatalogue)]
Number = Annotated[int, Path(ge=1, le=2**31, examples=[1], description="Of the version.")]

router = APIRouter(prefix="/v1/courses", tags=["courses"])


@router.get("", dependencies=[requires("courses:read")], responses=problems("forbidden"))
def list_courses(
    asked: Annotated[CourseQuery, Query()], catalogue: Catalogue, principal: CurrentPrincipal, page: PageQuery
) -> Page[ListedCourse]:
    """List what is published, as learners see it; or with `status` the courses that you edit, as you do."""
    wanted = asked.filter(principal)
    listing = page.of("courses", org_id=principal.org_id, **asdict(wanted))
    found = catalogue.find_page(principal.org_id, wanted, after=listing.after, limit=listing.fetch)
    return listing.page(found, ListedCourse.of, position=lambda listed: position(listed, wanted))


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=ShownCourse,
    dependencies=[requires(rules.WRITE)],
    responses=problems("slug_taken"),
)
@allowing(body_bytes=COURSE_BYTES, body_values=COURSE_VALUES)
def create_course(
    body: CourseCreate, courses: Courses, reading: Reading, principal: CurrentPrincipal, once: Idempotent
) -> Response:
    """Make a course: a draft, and yours."""

    def made(course: Course) -> Response:
        shown = ShownCourse.of(reading.drafted(course))
        headers = {"Location": f"/v1/courses/{course.id}", "ETag": etag(course.version)}
        return JSONResponse(shown.model_dump(mode="json"), status_code=status.HTTP_201_CREATED, headers=headers)

    return once.run(
        lambda course_id: made(courses.create(course_id, body.wanted, principal)),
        existing=lambda course_id: made(reading.get(course_id, principal)),
    )


@router.get("/{course_id}", dependencies=[requires("courses:read")], responses=problems("not_found", "forbidden"))
def read_course(
    course_id: Id,
    reading: Reading,
    principal: CurrentPrincipal,
    known: IfNoneMatch,
    response: Response,
    view: Annotated[
        CourseView | None, Query(description="The draft is for authors, and what they see unless they say.")
    ] = None,
) -> ShownCourse:
    """Show what is published of a course, or its draft to those who edit it."""
    seen = reading.see(course_id, principal, view)
    if known.hold(seen.tag):
        return not_modified(seen.tag)  # type: ignore[return-value] # FastAPI hands responses on as they are
    return _shown(seen, response)


@router.patch(
    "/{course_id}",
    dependencies=[requires(rules.WRITE)],
    responses=problems("not_found", "not_your_course", "course_archived", "slug_fixed", "slug_taken", "overloaded"),
)
@allowing(body_bytes=COURSE_BYTES, body_values=COURSE_VALUES)
def change_course(
    course_id: Id,
    body: CourseChange,
    courses: Courses,
    reading: Reading,
    principal: CurrentPrincipal,
    if_match: IfMatch,
    response: Response,
) -> ShownCourse:
    """Change the draft; learners see nothing of it until it is published. Slug, owner and trainers change at once."""
    course = courses.change(course_id, body.changes, principal, if_match.require)
    return _shown(reading.drafted(course), response)


@router.post(
    "/{course_id}/publication",
    dependencies=[requires(rules.PUBLISH)],
    responses=problems("not_found", "not_publishable", "course_archived", "overloaded"),
)
def publish_course(
    course_id: Id,
    courses: Courses,
    reading: Reading,
    principal: CurrentPrincipal,
    if_match: IfMatch,
    response: Response,
) -> ShownCourse:
    """Make the draft, as you have read it, the next version, which learners see from now on.

    A draft that says what is published already makes no new version, so this can be sent again.
    """
    course = courses.publish(course_id, principal, if_match.require)
    return _shown(reading.published(course), response, tag=str(course.version))


@router.post(
    "/{course_id}/archive",
    dependencies=[requires(rules.WRITE)],
    responses=problems("not_found", "not_your_course", "overloaded"),
)
def archive_course(
    course_id: Id,
    courses: Courses,
    reading: Reading,
    principal: CurrentPrincipal,
    if_match: IfMatch,
    response: Response,
) -> ShownCourse:
    """End the sale of a course, for good. Whoever bought it keeps what was published."""
    course = courses.archive(course_id, principal, if_match.require)
    return _shown(reading.drafted(course), response)


@router.get("/{course_id}/versions/{number}", dependencies=[requires("courses:read")], responses=problems("not_found"))
def read_version(
    course_id: Id,
    number: Number,
    reading: Reading,
    principal: CurrentPrincipal,
) -> ShownVersion:
    """Show a version. It never changes; learners see the one that is published."""
    return ShownVersion.of(reading.version(course_id, number, principal))


def _shown(seen: SeenCourse, response: Response, *, tag: str | None = None) -> ShownCourse:
    """Show a course; with the tag of its draft, where that is what comes next."""
    response.headers["ETag"] = etag(tag or seen.tag)
    return ShownCourse.of(seen)
