"""What the enrolment routes write."""

from typing import Annotated, Self

from pydantic import Field

from course_service.enrolments import rules
from course_service.models import Enrolment
from course_service.states import EnrolmentStatus
from course_service.wire import ShownId, ShownMoment
from lyceum_web.schemas import Answer


class Waiting(Answer):
    """A place in the queue for a trainer, or for another one."""

    since: ShownMoment
    position: Annotated[
        int | None,
        Field(examples=[3], description="1 is served next; null in lists, and while the place is not known."),
    ]


class ShownEnrolment(Answer):
    """Access to a course, with its trainer or the wait for one."""

    course_id: ShownId
    status: Annotated[str, Field(examples=["active"], description="active or ended")]
    enrolled_at: ShownMoment | None
    purchase_ids: Annotated[
        list[str],
        Field(examples=[["0190b6c2-7c1e-7d3a-9c55-0f1e2d3c4b5a"]], description="That give this access now."),
    ]
    trainer_id: ShownId | None
    waiting: Waiting | None

    @classmethod
    def of(cls, enrolment: Enrolment, position: int | None = None) -> Self:
        """Show an enrolment; whoever has no access has no trainer either, whatever is still on its way."""
        active = enrolment.status == EnrolmentStatus.ACTIVE.value
        since = rules.waits_since(enrolment) if active else None
        return cls(
            course_id=enrolment.course_id,
            status=enrolment.status,
            enrolled_at=enrolment.enrolled_at,
            purchase_ids=sorted(set(enrolment.grants) - set(enrolment.revoked)),
            trainer_id=rules.trainer_of(enrolment) if active else None,
            waiting=None if since is None else Waiting(since=since, position=position),
        )
