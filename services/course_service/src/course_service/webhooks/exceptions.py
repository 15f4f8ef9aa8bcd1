"""Why a delivery is not taken."""

# ruff: noqa: N818 - each name answers "what happened?"; a suffix would repeat the root's

from course_service.errors import CourseServiceError


class UnknownProvider(CourseServiceError):
    """No payment provider of this name is set up here."""

    def __init__(self) -> None:
        super().__init__("no payment provider of this name is set up here")
