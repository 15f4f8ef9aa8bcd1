"""What the head of a request says about its body, and what no address may hold."""

from dataclasses import dataclass

from starlette.types import Scope

from lyceum_web.problems import FieldError, ProblemError

_NUL = "Text must not hold U+0000."


@dataclass(frozen=True, slots=True)
class BodyHead:
    """What is announced.

    Attributes:
        length: in bytes; None if it comes in chunks of unknown number.
        json: whether it is a JSON document.
    """

    length: int | None
    json: bool


def body_head(scope: Scope) -> BodyHead | None:
    """Read the head; None if no body follows.

    Raises:
        ProblemError: `unsupported_media_type`, the body is compressed.
    """
    length: int | None = None
    chunked = False
    media_type = b""
    for name, value in scope["headers"]:
        if name == b"content-length":
            length = int(value)
        elif name == b"transfer-encoding":
            chunked = True
        elif name == b"content-type":
            media_type = value
        elif name == b"content-encoding" and value.strip().lower() != b"identity":
            raise ProblemError("unsupported_media_type", detail="Send the body without compression.")
    if not length and not chunked:
        return None
    return BodyHead(None if chunked else length, _is_json(media_type))


def _is_json(media_type: bytes) -> bool:
    kind = media_type.partition(b";")[0].strip().lower()
    return kind == b"application/json" or (kind.startswith(b"application/") and kind.endswith(b"+json"))


def check_address(scope: Scope) -> None:
    """Refuse what no text of an address may hold: it would reach the database, which cannot hold it either.

    Raises:
        ProblemError: `invalid_request`.
    """
    if "\x00" in scope["path"]:
        raise ProblemError("invalid_request", errors=[FieldError("/path", "unfit_text", _NUL)])
    if b"%00" in scope["query_string"]:
        raise ProblemError("invalid_request", errors=[FieldError("/query", "unfit_text", _NUL)])
