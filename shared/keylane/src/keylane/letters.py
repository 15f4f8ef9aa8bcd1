"""Dead letters: the original key, value and headers byte for byte, plus one fixed set of headers."""

from __future__ import annotations

import hashlib
import re
import socket
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from keylane.inbox import Burial
from keylane.wording import said

if TYPE_CHECKING:
    from keylane.broker import RawHeaders, Record

PREFIX: Final = "x-dlq-"
MAX_MESSAGE_BYTES: Final = 512
"""Bound of `x-dlq-error-msg`, so that headers cannot grow."""

EXHAUSTED: Final = "exhausted"
FATAL: Final = "fatal"
CRASH_LOOP: Final = "crash_loop"
UNDECODABLE: Final = "undecodable"
UNKNOWN_TYPE: Final = "unknown_type"


def dead_letter_topic(topic: str, group: str) -> str:
    """Where the dead letters of one topic and one group rest."""
    return f"{topic}.{group}.dlq"


def replay_topic(topic: str, group: str) -> str:
    """Where dead letters of one topic are published again, for this group alone."""
    return f"{topic}.{group}.replay"


def letter_id(group: str, record: Record) -> str:
    """The stable `x-dlq-id` of a record: the same however often its letter is produced."""
    place = f"{group}\0{record.topic}\0{record.partition}\0{record.offset}"
    return hashlib.blake2b(place.encode(), digest_size=16).hexdigest()


def clipped(text: str) -> str:
    """At most `MAX_MESSAGE_BYTES` of UTF-8, cut between characters."""
    return text.encode(errors="replace")[:MAX_MESSAGE_BYTES].decode(errors="ignore")


def fingerprint(error: BaseException) -> str:
    """Equal for errors of one class raised at one place: for counting causes."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].name}" if frames else re.sub(r"\d+", "#", said(error))
    return hashlib.blake2b(f"{type(error).__qualname__}\0{where}".encode(errors="replace"), digest_size=8).hexdigest()


def burial(
    group: str,
    record: Record,
    *,
    reason: str,
    error: BaseException,
    attempts: int,
    at: datetime,
    first: datetime | None,
) -> Burial:
    """What a dead letter says about the failure."""
    kind = type(error)
    return Burial(
        letter_id=letter_id(group, record),
        reason=reason,
        error_type=f"{kind.__module__}.{kind.__qualname__}",
        error_message=clipped(said(error)),
        fingerprint=fingerprint(error),
        attempts=attempts,
        first_failed_at=first or at,
        last_failed_at=at,
    )


def headers_of_letter(group: str, record: Record, burial: Burial, *, app_version: str) -> RawHeaders:
    """The original headers, untouched and in order, then the fixed set; an earlier set is replaced, never grown."""
    added = {
        "id": burial.letter_id,
        "topic": record.topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
        "timestamp": str(record.timestamp),
        "group": group,
        "reason": burial.reason,
        "error-type": burial.error_type,
        "error-msg": burial.error_message,
        "error-fingerprint": burial.fingerprint,
        "attempts": str(burial.attempts),
        "first-failed-at": _stamp(burial.first_failed_at),
        "last-failed-at": _stamp(burial.last_failed_at),
        "host": socket.gethostname(),
        "app-version": app_version,
        "replay-count": "0",
    }
    original = tuple(pair for pair in record.headers if not pair[0].startswith(PREFIX))
    return original + tuple((PREFIX + name, value.encode()) for name, value in added.items())


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
