"""Why a course is not made, changed or published."""

# ruff: noqa: N818 - each name answers "what happened?"; a suffix would repeat the root's

from collections.abc import Sequence

from course_service.errors import CourseServiceError

_MOST_TOLD = 10


class CourseError(CourseServiceError):
    """Root of all that is wrong with a course."""


class SlugTaken(CourseError):
    """The organization has a course with this slug."""

    def __init__(self) -> None:
        super().__init__("the organization has a course with this slug: choose another one")


class SlugFixed(CourseError):
    """The slug of a course that was published is in people's links."""

    def __init__(self) -> None:
        super().__init__("the slug of a published course stays: it is in people's links")


class NotYours(CourseError):
    """The course can be seen, and is somebody else's to change."""


class Archived(CourseError):
    """An archived course is neither changed nor published again."""

    def __init__(self) -> None:
        super().__init__("this course is archived, for good: make a new one from it")


class NotPublishable(CourseError):
    """The draft lacks something that learners need.

    Attributes:
        reasons: each thing that is missing.
    """

    def __init__(self, reasons: Sequence[str]) -> None:
        more = f"; and {len(reasons) - _MOST_TOLD} more" if len(reasons) > _MOST_TOLD else ""
        super().__init__("; ".join(reasons[:_MOST_TOLD]) + more)
        self.reasons = tuple(reasons)


class UnfitTree(CourseError):
    """The sections break a rule of their own.

    Attributes:
        faults: path from the sections to the value at fault, and what is wrong with it.
    """

    def __init__(self, faults: Sequence[tuple[tuple[str | int, ...], str]]) -> None:
        super().__init__("; ".join(reason for _, reason in faults))
        self.faults = tuple(faults)
