"""From an error to the answer that a client reads."""

import logging
import math
from collections.abc import Mapping
from http import HTTPStatus
from itertools import islice

from starlette.responses import Response
from starlette.types import Scope

from lyceum_database import (
    AccessDenied,
    Duplicate,
    InvalidRecord,
    NotConnected,
    NotFound,
    StaleVersion,
    Unavailable,
)
from lyceum_web.problems.codes import CodeTable
from lyceum_web.problems.error import FieldError, ProblemError
from lyceum_web.problems.pointers import MOST_ERRORS, pointer
from lyceum_web.problems.rendering import rendered

RETRY_AFTER_S = 1
"""What an outage asks its caller to wait; the caller's own backoff does the rest."""

KIT_ERRORS: Mapping[type[Exception], str] = {
    NotFound: "not_found",
    Duplicate: "conflict",
    StaleVersion: "precondition_failed",
    InvalidRecord: "invalid_request",
    Unavailable: "database_unavailable",
    AccessDenied: "database_unavailable",
    NotConnected: "database_unavailable",
}
"""What storage raises; its texts name models and ids, so none of them is shown."""

log = logging.getLogger(__name__)


class Answers:
    """Turns every error into an answer, by one table per application.

    Args:
        codes: the application's codes.
        errors: its domain errors; their texts are shown as `detail`, and an attribute `retry_after_s` as `Retry-After`.

    Raises:
        ValueError: an error leads to a code that is not in the table.
    """

    def __init__(self, codes: CodeTable, errors: Mapping[type[Exception], str]) -> None:
        self.codes = codes
        self._own = dict(errors)
        self.errors = {**KIT_ERRORS, **errors}
        for error, code in self.errors.items():
            if code not in codes:
                raise ValueError(f"{error.__name__} leads to problem code {code}, which is not in the table")

    def to(self, scope: Scope, error: Exception) -> Response:
        """Answer a request that ended with this error."""
        return rendered(scope, self.codes, self.problem(error))

    def problem(self, error: Exception) -> ProblemError:
        """Say what the error means to the caller; what nobody expected is logged, and shows nothing of itself."""
        if isinstance(error, ProblemError):
            return error
        kind = next((kind for kind in type(error).__mro__ if kind in self.errors), None)
        if kind is None:
            log.error("unexpected error", exc_info=error, extra={"action": "internal_error"})
            return ProblemError("internal_error")
        code = self.errors[kind]
        return ProblemError(
            code,
            detail=str(error) if kind in self._own else None,
            headers=_headers(error, self.codes[code].status),
            errors=_fields(error),
        )


def _headers(error: Exception, status: int) -> dict[str, str]:
    seconds = getattr(error, "retry_after_s", RETRY_AFTER_S if status == HTTPStatus.SERVICE_UNAVAILABLE else None)
    return {} if seconds is None else {"Retry-After": str(math.ceil(seconds))}


def _fields(error: Exception) -> tuple[FieldError, ...]:
    if not isinstance(error, InvalidRecord):
        return ()
    return tuple(
        FieldError(pointer("body", *name.split(".")), "invalid", "cannot be stored: " + reason)
        for name, reason in islice(error.fields.items(), MOST_ERRORS)
    )
