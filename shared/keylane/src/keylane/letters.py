"""Dead letters: the original key, value and headers byte for byte, plus one fixed set of headers."""

from __future__ import annotations

import hashlib
import re
import socket
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from keylane.inbox import Burial
from keylane.places import PREFIX, first_place, letter_id
from keylane.wording import said

if TYPE_CHECKING:
    from keylane.broker import RawHeaders, Record

MAX_MESSAGE_BYTES: Final = 512
"""Bound of `x-dlq-error-msg`, so that headers cannot grow."""
MAX_STACK_BYTES: Final = 16 * 1024
"""Bound of the stack trace that the idempotency store keeps of a dead message."""

EXHAUSTED: Final = "exhausted"
FATAL: Final = "fatal"
CRASH_LOOP: Final = "crash_loop"
UNDECODABLE: Final = "undecodable"
UNKNOWN_TYPE: Final = "unknown_type"
KEY_REUSE: Final = "key_reuse"


def clipped(text: str, limit_bytes: int = MAX_MESSAGE_BYTES) -> str:
    """At most so much UTF-8, cut between characters."""
    return text.encode(errors="replace")[:limit_bytes].decode(errors="ignore")


def stack(error: BaseException) -> str:
    """The error's stack trace with its causes; of a long one the end is kept, which says most."""
    try:
        text = "".join(traceback.format_exception(error))
    except Exception as exc:  # noqa: BLE001  whatever an error's own code does, it must not become our error
        text = f"the stack trace cannot be printed: {type(exc).__name__}"
    return text.encode(errors="replace")[-MAX_STACK_BYTES:].decode(errors="ignore")


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
    traceparent: str = "",
) -> Burial:
    """What a dead letter says about the failure."""
    kind = type(error)
    return Burial(
        letter_id=letter_id(group, record),
        reason=reason,
        error_type=clipped(f"{kind.__module__}.{kind.__qualname__}"),
        error_message=clipped(said(error)),
        fingerprint=fingerprint(error),
        attempts=attempts,
        first_failed_at=first or at,
        last_failed_at=at,
        stack=stack(error),
        traceparent=traceparent,
    )


def headers_of_letter(group: str, record: Record, burial: Burial, *, app_version: str, replays: int = 0) -> RawHeaders:
    """The original headers, untouched and in order, then the fixed set; an earlier set is replaced, never grown.

    A replayed record keeps the place where it stood first. The replay counted is the record's own or the one that its
    message was taken for (`replays`), if that is later: while a replay waits for its next run, another record of the
    message may be what dies.
    """
    place = first_place(group, record)
    of_record = place.replay.count if place.replay else 0
    added = {
        "id": burial.letter_id,
        "topic": place.topic,
        "partition": str(place.partition),
        "offset": str(place.offset),
        "timestamp": str(place.timestamp),
        "group": group,
        "reason": burial.reason,
        "error-type": burial.error_type,
        "error-msg": burial.error_message,
        "error-fingerprint": burial.fingerprint,
        "attempts": str(burial.attempts),
        "first-failed-at": stamp(min(place.first_failed_at or burial.first_failed_at, burial.first_failed_at)),
        "last-failed-at": stamp(burial.last_failed_at),
        "host": socket.gethostname(),
        "app-version": app_version,
        "traceparent": burial.traceparent,
        "replay-count": str(max(of_record, replays)),
    }
    original = tuple(pair for pair in record.headers if not pair[0].startswith(PREFIX))
    return original + tuple((PREFIX + name, value.encode()) for name, value in added.items())


def stamp(moment: datetime) -> str:
    """A moment as headers carry it: UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
