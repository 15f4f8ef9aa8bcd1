"""The outer form of an access token, judged before anything in it is believed."""

import json
import re
from typing import Any

from lyceum_web.base64url import decoded
from lyceum_web.security.errors import InvalidToken

ALGORITHM = "Ed25519"
"""The fully specified name of RFC 9864, which deprecates `EdDSA` for leaving the curve open."""

TYPE = "at+jwt"
"""RFC 9068, section 2.1: an access token says so, or a token for something else could pass for one."""

MAX_LENGTH = 4096  # characters; ours have about 600
MAX_HEADER_LENGTH = 256  # characters; ours have about 100

_COMPACT = re.compile(r"\A([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\Z")
_KEY_ID = re.compile(r"\A[A-Za-z0-9_.-]{1,64}\Z")
_MEMBERS = {"alg", "typ", "kid"}


def key_id(token: str) -> str:
    """Return the id of the key that the token claims to be signed with.

    Exactly three header members are known here, so nothing that a header could ask for (`crit`, `jwk`, `jku`, `b64`, a
    content type) is ever heeded.

    Raises:
        InvalidToken: the text is no token of the one form that is accepted.
    """
    header = _header(_segments(token)[0])
    if header.get("alg") != ALGORITHM:
        raise InvalidToken("signed with another algorithm")
    if header.get("typ") != TYPE:
        raise InvalidToken("no access token by its type")
    kid = header.get("kid")
    if not isinstance(kid, str) or not is_key_id(kid):
        raise InvalidToken("names no key")
    if header.keys() != _MEMBERS:
        raise InvalidToken("has header members that nobody here knows")
    return kid


def is_key_id(value: object) -> bool:
    """Tell whether a key may have this id."""
    return isinstance(value, str) and _KEY_ID.match(value) is not None


def payload(token: str) -> bytes:
    """Return what the token carries; its signature has to have been verified.

    Raises:
        InvalidToken: the text is no token.
    """
    return _decoded(_segments(token)[1])


def _segments(token: str) -> tuple[str, str, str]:
    match = _COMPACT.match(token) if len(token) <= MAX_LENGTH else None
    if match is None:
        raise InvalidToken("is not three parts of base64url, or too long")
    header, body, signature = match.groups()
    _decoded(signature)
    return header, body, signature


def _header(segment: str) -> dict[str, Any]:
    if len(segment) > MAX_HEADER_LENGTH:
        raise InvalidToken("has a header that is too long")
    try:
        header = json.loads(_decoded(segment))
    except (ValueError, RecursionError):
        raise InvalidToken("has a header that is no JSON") from None
    if not isinstance(header, dict):
        raise InvalidToken("has a header that is no object")
    return header


def _decoded(segment: str) -> bytes:
    try:
        return decoded(segment)
    except ValueError:
        raise InvalidToken("has a part that is no base64url") from None
