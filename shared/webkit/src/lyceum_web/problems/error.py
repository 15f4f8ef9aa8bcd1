"""The error that becomes a problem."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one value of a request.

    Attributes:
        pointer: JSON Pointer into the request: `/body/email`, `/query/limit`, `/path/course_id`, `/header/if-match`.
        code: stable name of the rule that is broken.
        message: for people; never holds the value.
    """

    pointer: str
    code: str
    message: str


class ProblemError(Exception):
    """Ends a request with a problem.

    Example:
        raise ProblemError("conflict", detail="This course is archived.")

    Args:
        code: a code of the application's table.
        detail: about this occurrence, for the caller to read; the code's advice if None.
        headers: of the answer, e.g. `Retry-After`.
        errors: what is wrong with which value.
    """

    def __init__(
        self,
        code: str,
        *,
        detail: str | None = None,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[FieldError] = (),
    ) -> None:
        super().__init__(code if detail is None else f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        self.errors = tuple(errors)
