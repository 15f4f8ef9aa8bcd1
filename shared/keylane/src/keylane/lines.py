"""Log lines about single messages: one per failure, dead letter and lost claim, with the same fields everywhere.

Values and headers of records never appear; the error's own words do. Whatever others wrote (ids, types, keys, errors)
is clipped, and cannot end the line or begin another. The README lists every action.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from keylane.trace_context import TRACEPARENT, trace_id_of
from keylane.wording import MAX_WORDS, plain, said

if TYPE_CHECKING:
    from keylane.broker import Record
    from keylane.inbox import Burial, Claim
    from keylane.message import Message

log = logging.getLogger("keylane")


def fields(record: Record, event: Message | None, *, traceparent: str = "", **more: Any) -> dict[str, Any]:
    """What a line about a message says, whatever it reports: `message_id`, `type`, `key`, `topic`, `trace_id`, ...

    Args:
        record: As it was read.
        event: None when it cannot be decoded.
        traceparent: Of the run that is reported; the publisher's by default.
        more: Further fields.
    """
    found: dict[str, Any] = {"topic": record.topic, "partition": record.partition, "offset": record.offset}
    if record.key is not None:
        found["key"] = plain(record.key.decode(errors="replace"))
    if event is not None:
        found |= {"message_id": plain(event.id), "type": plain(event.type)}
    trace_id = trace_id_of(traceparent or (event.headers.get(TRACEPARENT) if event is not None else None))
    if trace_id is not None:
        found["trace_id"] = trace_id
    return {**found, **more}


def run_failed(
    record: Record,
    event: Message,
    error: BaseException,
    *,
    attempts: int,
    most: int,
    pause_s: float | None,
    traceparent: str,
) -> None:
    """A run failed; after `pause_s` there is another, or none when that is None."""
    what = f"{plain(event.type)} {plain(event.id)} failed, run {attempts} of {most}"
    following = "no other follows" if pause_s is None else f"another follows in {pause_s:.1f} s"
    log.warning(
        "%s, %s: %s: %s",
        what,
        following,
        type(error).__name__,
        plain(said(error), MAX_WORDS),
        extra=fields(
            record,
            event,
            traceparent=traceparent,
            action="failed",
            attempts=attempts,
            error_type=type(error).__name__,
            **({} if pause_s is None else {"retry_in_s": round(pause_s, 3)}),
        ),
    )


def dead_lettered(record: Record, event: Message | None, burial: Burial) -> None:
    """A dead letter is written."""
    log.error(
        "dead letter %s: %s at %s-%d@%d: %s",
        burial.reason,
        burial.error_type,
        record.topic,
        record.partition,
        record.offset,
        plain(burial.error_message, MAX_WORDS),
        extra=fields(
            record,
            event,
            traceparent=burial.traceparent,
            action="dead_lettered",
            letter_id=burial.letter_id,
            reason=burial.reason,
            attempts=burial.attempts,
            error_type=burial.error_type,
            fingerprint=burial.fingerprint,
        ),
    )


def about_claim(claim: Claim, action: str) -> dict[str, Any]:
    """The fields of a line about a claim whose record is not at hand."""
    return {"action": action, "message_id": plain(claim.key.partition(":")[2]), "fence": claim.fence}


def name_of(claim: Claim) -> str:
    """Whose claim it is: `<group>:<id>`."""
    group, _, id_ = claim.key.partition(":")
    return f"{group}:{plain(id_)}"
