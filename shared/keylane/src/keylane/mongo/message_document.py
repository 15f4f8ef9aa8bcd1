"""A message as the idempotency store keeps it: pure functions from a document found to what may be done with it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from keylane.inbox import Burial, Busy, Claim, Reused

if TYPE_CHECKING:
    from keylane.inbox import Payload, Replay

DONE: Final = "done"
DEAD: Final = "dead"
DEAD_PENDING: Final = "dead_pending"
IN_PROGRESS: Final = "in_progress"
PENDING: Final = "pending"
TERMINAL: Final = (DONE, DEAD)
BURIED: Final = (DEAD_PENDING, DEAD)
REARMED: Final[dict[str, Any]] = {
    "state": PENDING,
    "attempts": 0,
    "claims": 0,
    "burial": None,
}
"""What a replay makes of a dead message; when it failed first stays."""
NOT_HELD: Final[dict[str, Any]] = {"owner": None, "lease_until": None, "claims": 0}


def fresh(
    key: str, owner: str, now: datetime, lease_until: datetime, payload_hash: str | None, replay: Replay | None
) -> dict[str, Any]:
    """A message that was never seen before, claimed."""
    return {
        "_id": key,
        "state": IN_PROGRESS,
        "owner": owner,
        "fence": 1,
        "lease_until": lease_until,
        "attempts": 0,
        "claims": 1,
        "first_failed_at": None,
        "burial": None,
        "created_at": now,
        "payload_hash": payload_hash,
        **_replayed(replay),
    }


def obstacle(
    found: dict[str, Any], owner: str, now: datetime, payload_hash: str | None
) -> Claim | Busy | Reused | None:
    """What ends a claim of this message before it begins; None when nothing does."""
    if _differ(found.get("payload_hash"), payload_hash):
        return Reused()
    held_until = found["lease_until"]
    if found["owner"] is None or held_until is None or aware(held_until) <= now:
        return None
    if found["owner"] == owner:  # taken by this very call, whose first answer was lost
        return claim(found, owner, fence=found["fence"], abandoned=found["claims"] - 1)
    return Busy(aware(held_until) - now)


def unanswered(found: dict[str, Any], owner: str) -> dict[str, Any]:
    """The message without a start of this very owner's: its answer was lost until its lease had ended."""
    return {**found, "claims": max(found["claims"] - 1, 0)} if found["owner"] == owner else found


def rearmed(found: dict[str, Any], replay: Replay | None) -> dict[str, Any]:
    """The message as it is to be taken: as it was found, or for a new replay, for which a dead one runs again."""
    if replay is None or found["state"] == DONE or replay.count <= found.get("replays", 0):
        return found
    again = REARMED if found["state"] in BURIED else {}
    return {**found, **again, **_replayed(replay)}


def taking(found: dict[str, Any], wanted: dict[str, Any], owner: str, lease_until: datetime) -> dict[str, Any]:
    """The update that makes of the message found the one that is wanted, claimed."""
    taken = {
        "state": DEAD_PENDING if wanted["state"] == DEAD_PENDING else IN_PROGRESS,
        "owner": owner,
        "lease_until": lease_until,
        "fence": found["fence"] + 1,
        "claims": wanted["claims"] + 1,
    }
    changed = {name: value for name, value in wanted.items() if name not in found or found[name] != value}
    change: dict[str, Any] = {"$set": {**changed, **taken}}
    if "expire_at" in found:
        change["$unset"] = {"expire_at": "", "settled_at": ""}
    return change


def claim(found: dict[str, Any], owner: str, *, fence: int, abandoned: int) -> Claim:
    """The claim on a message as it was found."""
    first = found["first_failed_at"]
    return Claim(
        key=found["_id"],
        owner=owner,
        fence=fence,
        attempts=found["attempts"],
        abandoned=abandoned,
        first_failed_at=aware(first) if first else None,
        burial=burial(found["burial"]),
        replays=found.get("replays", 0),
    )


def burial(stored: dict[str, Any] | None) -> Burial | None:
    """The burial that a message was stored with."""
    if stored is None:
        return None
    times = {name: aware(stored[name]) for name in ("first_failed_at", "last_failed_at")}
    return Burial(**{**stored, **times})


def digest(payload: Payload) -> str:
    """A payload in 32 hexadecimal digits, behind its form."""
    said = payload.type.encode() + b"\0" + payload.body
    return f"{payload.form}:{hashlib.blake2b(said, digest_size=16).hexdigest()}"


def aware(moment: datetime) -> datetime:
    """A stored moment in UTC, whether or not the client gives zones."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _replayed(replay: Replay | None) -> dict[str, Any]:
    return {} if replay is None else {"replays": replay.count, "replay_id": replay.id}


def _differ(stored: str | None, payload_hash: str | None) -> bool:
    """Whether the two are known, of one form, and not the same."""
    if stored is None or payload_hash is None or stored == payload_hash:
        return False
    return stored.partition(":")[0] == payload_hash.partition(":")[0]
