"""Routes of enrolments: everybody sees their own."""

from typing import Annotated

from fastapi import APIRouter

from course_service.enrolments import rules
from course_service.enrolments.repository import EnrolmentRepository
from course_service.enrolments.schemas import ShownEnrolment
from course_service.enrolments.waitlist import Waitlist
from course_service.models import Enrolment
from course_service.states import EnrolmentStatus
from course_service.wire import Id
from lyceum_database import NotFound
from lyceum_web.openapi import problems
from lyceum_web.pages import Page, PageQuery
from lyceum_web.provided import provided
from lyceum_web.security import CurrentPrincipal, requires

Enrolments = Annotated[EnrolmentRepository, provided(EnrolmentRepository)]
Queue = Annotated[Waitlist, provided(Waitlist)]

router = APIRouter(prefix="/v1/enrolments", tags=["enrolments"], dependencies=[requires("enrolments:read")])


@router.get("")
def list_enrolments(enrolments: Enrolments, principal: CurrentPrincipal, page: PageQuery) -> Page[ShownEnrolment]:
    """List the courses that you may attend, with your trainer in each."""
    listing = page.of("enrolments", org_id=principal.org_id, student_id=principal.user_id)
    found = enrolments.active_of(
        principal.user_id, org_id=principal.org_id, after_id=listing.after_id, limit=listing.fetch
    )
    return listing.page(found, ShownEnrolment.of, position=lambda enrolment: (enrolment.id,))


@router.get("/{course_id}", responses=problems("not_found"))
def read_enrolment(
    course_id: Id, enrolments: Enrolments, waitlist: Queue, principal: CurrentPrincipal
) -> ShownEnrolment:
    """Read your access to one course, with your trainer or your place in the queue."""
    found = enrolments.of(principal.org_id, principal.user_id, course_id)
    if found is None or found.status == EnrolmentStatus.NONE.value:
        raise NotFound("no such enrolment", model=Enrolment.__name__)
    waits = rules.waits_since(found) is not None
    return ShownEnrolment.of(found, waitlist.position(found.id, org_id=found.org_id) if waits else None)
