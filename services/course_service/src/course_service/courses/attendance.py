"""Who may see what is sold."""

from typing import Protocol

from course_service.enrolments.repository import EnrolmentRepository
from course_service.states import EnrolmentStatus


class Attendance(Protocol):
    """Knows who attends a course."""

    def attends(self, org_id: str, user_id: str, course_id: str) -> bool:
        """Tell whether somebody has access to a course now."""


class EnrolledAttendance:
    """Attendance as enrolments tell it."""

    def __init__(self, enrolments: EnrolmentRepository) -> None:
        self._enrolments = enrolments

    def attends(self, org_id: str, user_id: str, course_id: str) -> bool:
        """See `Attendance`."""
        found = self._enrolments.of(org_id, user_id, course_id)
        return found is not None and found.status == EnrolmentStatus.ACTIVE.value
