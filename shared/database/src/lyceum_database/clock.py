"""UTC time, from one place."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Answers the current moment, aware and in UTC; passed in wherever time matters."""


def utc_now() -> datetime:
    """Return the current moment in UTC, in whole milliseconds: all that BSON can store."""
    return whole_milliseconds(datetime.now(UTC))


def whole_milliseconds(moment: datetime) -> datetime:
    """Drop what BSON would drop, so that a stored moment equals the one in memory."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
