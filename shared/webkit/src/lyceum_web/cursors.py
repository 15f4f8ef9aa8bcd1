"""Cursors: where a list goes on, in a form that only this platform can make.

A cursor holds what the last item of a page was sorted by, and which list with which filter it belongs to, signed.
"""

import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from lyceum_web.base64url import decoded, encoded
from lyceum_web.problems.error import ProblemError

MAX_LENGTH = 1024  # characters

Value = str | int | datetime | None
Position = tuple[Value, ...]
"""What an item is sorted by, its id last."""

_MAC_LENGTH = 16
"""Bytes of HMAC-SHA256 that are kept: 128 bits, as RFC 2104 section 5 allows."""

_EPOCH = datetime.fromtimestamp(0, UTC)
_MOMENT = "us"  # microseconds since 1970; an object in JSON, so that it cannot be taken for a number


class InvalidCursor(ProblemError):  # noqa: N818 - the name answers "what happened?"
    """The cursor was not made by this platform for this list with this filter."""

    def __init__(self) -> None:
        super().__init__("invalid_cursor")


class CursorCodec:
    """Writes and reads cursors.

    Args:
        secret: signs new cursors; the same in all processes of a service.
        former: secrets whose cursors are still read, so that a change of secret ends nobody's list.
    """

    def __init__(self, secret: str, *former: str) -> None:
        self._keys = [sha256(b"lyceum cursor\0" + each.encode()).digest() for each in (secret, *former)]

    def encode(self, position: Position, *, listing: str) -> str:
        """Return the cursor that continues after this position of this list.

        Args:
            position: what the page's last item is sorted by.
            listing: which list, see `listing`.
        """
        body = json.dumps([_written(value) for value in position], separators=(",", ":")).encode()
        return encoded(_mac(self._keys[0], listing, body) + body)

    def decode(self, cursor: str, *, listing: str) -> Position:
        """Return the position that the cursor continues after.

        Raises:
            InvalidCursor: it was made elsewhere, for another list or filter, or with a secret that is no longer read.
        """
        try:
            data = decoded(cursor if len(cursor) <= MAX_LENGTH else "")
        except ValueError:
            raise InvalidCursor from None
        mac, body = data[:_MAC_LENGTH], data[_MAC_LENGTH:]
        if not any(hmac.compare_digest(mac, _mac(key, listing, body)) for key in self._keys):
            raise InvalidCursor
        return tuple(_read(value) for value in json.loads(body))


def listing(name: str, **filters: Any) -> str:
    """Return a text that differs for different lists and filters. Filters are what JSON can hold, or have a `str`."""
    return json.dumps([name, filters], sort_keys=True, separators=(",", ":"), default=str)


def _mac(key: bytes, listing: str, body: bytes) -> bytes:
    # The list's digest has one length, so no part of it can pass for a part of the body.
    return hmac.digest(key, sha256(listing.encode("utf-8", "surrogatepass")).digest() + body, "sha256")[:_MAC_LENGTH]


def _written(value: Value) -> Any:
    if isinstance(value, datetime):
        return {_MOMENT: (value - _EPOCH) // timedelta(microseconds=1)}
    return value


def _read(value: Any) -> Value:
    if isinstance(value, Mapping):
        return _EPOCH + timedelta(microseconds=value[_MOMENT])
    read: Value = value
    return read
