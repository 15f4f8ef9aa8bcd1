"""The one table of problem codes: what each means, its status, and what the caller can do about it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProblemCode:
    """One kind of problem; stable, clients decide by `code`.

    Attributes:
        code: the name, `[a-z][a-z0-9_]*`.
        status: of the HTTP answer.
        title: the same words in every answer of this code.
        advice: what the caller can do; shown on the page that `type` leads to, and the detail if there is no other.
    """

    code: str
    status: int
    title: str
    advice: str


KIT_CODES = (
    ProblemCode("bad_request", 400, "Bad request", "Correct the request; it cannot be understood."),
    ProblemCode(
        "malformed_json",
        400,
        "Malformed JSON",
        "Send one JSON document in UTF-8: finite numbers, no name twice in one object, not nested too deep.",
    ),
    ProblemCode("invalid_cursor", 400, "Invalid cursor", "Start the list again without a cursor."),
    ProblemCode(
        "idempotency_key_required",
        400,
        "Idempotency key required",
        "Send an Idempotency-Key header of 1 to 128 characters, new for each thing you want done.",
    ),
    ProblemCode("unauthenticated", 401, "Not signed in", "Sign in and send the token as `Authorization: Bearer ...`."),
    ProblemCode("invalid_token", 401, "Invalid token", "Refresh the token, or sign in again."),
    ProblemCode("forbidden", 403, "Not allowed", "Ask somebody who may grant the missing permission."),
    ProblemCode("not_found", 404, "Not found", "Check the address; or it is not yours to see."),
    ProblemCode("method_not_allowed", 405, "Method not allowed", "Use one of the methods in the Allow header."),
    ProblemCode("request_timeout", 408, "Request took too long to arrive", "Send the whole request at once."),
    ProblemCode("conflict", 409, "Conflict", "Read the object again and decide again."),
    ProblemCode(
        "idempotency_key_in_use",
        409,
        "The first request with this key is still running",
        "Send the same request again after the time in Retry-After.",
    ),
    ProblemCode("precondition_failed", 412, "Changed meanwhile", "Read the object again, then send its new ETag."),
    ProblemCode("payload_too_large", 413, "Body too large", "Send less in one request."),
    ProblemCode("unsupported_media_type", 415, "Unsupported media type", "Send `Content-Type: application/json`."),
    ProblemCode("invalid_request", 422, "Invalid request", "Correct the values that `errors` points at."),
    ProblemCode(
        "idempotency_key_reused",
        422,
        "Idempotency key used for another request",
        "Send a new key: this one belongs to a request with other contents.",
    ),
    ProblemCode("precondition_required", 428, "If-Match required", "Read the object and send its ETag as If-Match."),
    ProblemCode("rate_limited", 429, "Too many requests", "Wait for the time in Retry-After."),
    ProblemCode("internal_error", 500, "Internal error", "It is our fault. Report the trace_id if it stays."),
    ProblemCode("unavailable", 503, "Temporarily unavailable", "Send the request again after the time in Retry-After."),
    ProblemCode("overloaded", 503, "Overloaded", "Send the request again after the time in Retry-After."),
    ProblemCode("database_unavailable", 503, "Database away", "Send the request again after the time in Retry-After."),
    ProblemCode("timed_out", 503, "Took too long", "Send the request again; it may have been carried out."),
)


class CodeTable(Mapping[str, ProblemCode]):
    """The codes of one application: the kit's and its own.

    Raises:
        ValueError: two different codes have one name.
    """

    def __init__(self, own: Iterable[ProblemCode] = ()) -> None:
        self._codes = {entry.code: entry for entry in KIT_CODES}
        for entry in own:
            if self._codes.setdefault(entry.code, entry) != entry:
                raise ValueError(f"problem code {entry.code} is there already: choose another name")

    def __getitem__(self, code: str) -> ProblemCode:
        return self._codes[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._codes)

    def __len__(self) -> int:
        return len(self._codes)
