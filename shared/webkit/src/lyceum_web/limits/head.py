"""What the head of a request says about its body, and what no address may hold."""

from dataclasses import dataclass

from starlette.types import Scope

from lyceum_web.problems import FieldError, ProblemError

_CLOSE = {"Connection": "close"}
_MOST_DIGITS = 18
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
        ProblemError: `unsupported_media_type`, the body is compressed or of two kinds; `bad_request`, its length is no
            number, or there are two answers to how long it is.
    """
    length: int | None = None
    chunked = False
    media_type: bytes | None = None
    for name, value in scope["headers"]:
        if name == b"content-length":
            length = _length(value)
        elif name == b"transfer-encoding":
            chunked = True
        elif name == b"content-type":
            if media_type is not None:
                raise ProblemError("unsupported_media_type", detail="Send one Content-Type.")
            media_type = value
        elif name == b"content-encoding" and value.strip().lower() != b"identity":
            raise ProblemError("unsupported_media_type", detail="Send the body without compression.")
    if chunked and length is not None:
        # RFC 9112, section 6.3: what is between may have believed the other one, and see two requests here.
        raise ProblemError("bad_request", detail="Send one of Content-Length and Transfer-Encoding.", headers=_CLOSE)
    if not length and not chunked:
        return None
    return BodyHead(None if chunked else length, media_type is not None and is_json(media_type))


def _length(value: bytes) -> int:
    if not value.isdigit() or len(value) > _MOST_DIGITS:
        raise ProblemError("bad_request", detail="Content-Length is no number.", headers=_CLOSE)
    return int(value)


def is_json(media_type: bytes) -> bool:
    """Tell whether FastAPI would read a body of this type as JSON; not as bytes, whose `strip` knows fewer spaces."""
    kind = media_type.decode("latin-1").partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def check_address(scope: Scope) -> None:
    """Refuse what no text of an address may hold: it would reach the database, which cannot hold it either.

    Raises:
        ProblemError: `invalid_request`.
    """
    if "\x00" in scope["path"]:
        raise ProblemError("invalid_request", errors=[FieldError("/path", "unfit_text", _NUL)])
    if b"%00" in scope["query_string"]:
        raise ProblemError("invalid_request", errors=[FieldError("/query", "unfit_text", _NUL)])
