"""What a JSON body may hold: stricter than Python's parser, which lets in what databases and clients choke on.

One document in UTF-8 (RFC 8259, section 8.1); no name twice in one object (RFC 7493, section 2.3: which of the two was
meant?); no NaN and no number beyond a double, which come back as something else; no U+0000 and no half of a surrogate
pair in a string, which cannot be stored; no nesting that would end the parser's stack.
"""

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from lyceum_web.problems import FieldError, ProblemError
from lyceum_web.problems.pointers import MOST_ERRORS, pointer

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_SQUARE = bytes.maketrans(b"{}", b"[]")
_NO_BRACKET = bytes(set(range(256)) - set(b"[]{}"))

_ADVICE = "Text must hold neither U+0000 nor half of a surrogate pair."
_UNFIT = re.compile("[\x00\ud800-\udfff]")


def check_json(body: bytes, *, depth: int, values: int) -> None:
    """Check a body.

    Args:
        body: all of it.
        depth: arrays and objects within each other, at most.
        values: of all kinds together, at most: each that is wrong is an error to be told, and all are judged at once.

    Raises:
        ProblemError: `malformed_json`, `payload_too_large`, or `invalid_request` with a pointer to each text that
            cannot be stored.
    """
    value = _parsed(body)
    if _openers(body) > depth or _marks(body) > values:
        _check_size(_STRING.sub(b"", body), depth, values)
    if b"\\u" in body:
        wrong = [
            FieldError(pointer("body", *path), "unfit_text", _ADVICE) for path in islice(_unfit(value), MOST_ERRORS)
        ]
        if wrong:
            raise ProblemError("invalid_request", errors=wrong)


def _openers(body: bytes) -> int:
    """No fewer than there are levels."""
    return body.count(b"[") + body.count(b"{")


def _marks(body: bytes) -> int:
    """How many values there are, but for the first; empty arrays and objects count twice, marks within strings too."""
    return _openers(body) + body.count(b",")


def _check_size(body: bytes, depth: int, values: int) -> None:
    """Judge a well-formed document without its strings: each round takes the innermost pairs away, and so a level."""
    if _marks(body) > values:
        raise ProblemError("payload_too_large", detail=f"Send at most {values} values in one request.")
    brackets = body.translate(_SQUARE, _NO_BRACKET)
    for _ in range(depth):
        brackets = brackets.replace(b"[]", b"")
    if brackets:
        raise _malformed(f"More than {depth} arrays and objects within each other.")


def _parsed(body: bytes) -> Any:
    try:
        return _DECODER.decode(body.decode())
    except UnicodeDecodeError:
        raise _malformed("The body is not UTF-8.") from None
    except json.JSONDecodeError as exc:
        raise _malformed(f"{exc.msg} (line {exc.lineno}, column {exc.colno}).") from None
    except RecursionError:
        raise _malformed("Too many arrays and objects within each other.") from None
    except (
        ValueError
    ):  # more digits than Python converts: https://docs.python.org/3/library/stdtypes.html#int-max-str-digits
        raise _malformed("A number has too many digits.") from None


def _malformed(detail: str) -> ProblemError:
    return ProblemError("malformed_json", detail=detail)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _malformed("An object has one name twice.")
    return found


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise _malformed("A number is too large.")
    return number


def _no_constant(name: str) -> Any:
    raise _malformed(f"{name} is no JSON number.")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_finite, parse_constant=_no_constant)


def _unfit(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Paths to the texts, names among them, that cannot be stored."""
    if isinstance(value, str):
        if _UNFIT.search(value):
            yield path
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _unfit(item, (*path, place))
    elif isinstance(value, dict):
        for name, item in value.items():
            if _UNFIT.search(name):
                yield path
            yield from _unfit(item, (*path, name))
