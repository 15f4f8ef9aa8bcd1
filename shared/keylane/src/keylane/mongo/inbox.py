"""The idempotency store in a MongoDB collection, one document per group and message.

Written for the portable subset of MongoDB and its compatible engines: insert first, then compare-and-set on `fence`
(never an upsert that counts, never the image after a findAndModify).
"""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from pymongo.errors import DuplicateKeyError, OperationFailure

from keylane.arguments import check_count, check_duration
from keylane.errors import ConfigurationError, FencedError, StoreUnavailableError
from keylane.inbox import Busy, Claim, Known, Settled
from keylane.mongo import message_document as document
from keylane.mongo.calls import Calls
from keylane.mongo.server_clock import ServerClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from pymongo.collection import Collection

    from keylane.inbox import Burial, Payload, Replay, Reused

SAFETY: Final = 10
"""A lease is at least this many times what the server's clock, as it is known here, may be late."""
EXPIRY_INDEX: Final = "expire_at_1"
RENEWAL_THREADS: Final = 4
"""For leases and pings alone: behind a thousand claims that wait for a thread, the leases of what runs would end."""


def utc_now() -> datetime:
    """The default clock."""
    return datetime.now(UTC)


class MongoInbox:
    """Survives restarts and is shared by all workers of a group.

    Call `create_indexes()` in a deploy step; `ping()` refuses to work without them.

    Args:
        collection: Of a client with `tz_aware=True`. Several groups may share it.
        retention: How long a finished message is remembered: longer than its topic's retention plus any replay.
        threads: Calls at one time, renewals of leases apart.
        clock: Aware UTC, until the first `ping()`; from then on the server's own time counts, so that no step of
            this host's clock can take a lease that lives.
        monotonic: Seconds, for the time since that.
    """

    def __init__(
        self,
        collection: Collection[dict[str, Any]],
        *,
        retention: timedelta = timedelta(days=30),
        threads: int = 16,
        clock: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        check_duration("MongoInbox.retention", retention)
        check_count("MongoInbox.threads", threads)
        self._collection = collection
        self._retention = retention
        self._monotonic = monotonic
        self._clock = ServerClock(clock, monotonic)
        self._calls = Calls("keylane-inbox", threads)
        self._renewals = Calls("keylane-leases", RENEWAL_THREADS)

    def create_indexes(self) -> None:
        """Create what `ping()` asks for; blocks, and may be repeated."""
        self._collection.create_index("expire_at", name=EXPIRY_INDEX, expireAfterSeconds=0)

    async def ping(self) -> None:
        """Return when the store answers and has its index; measure how far its clock is from ours.

        Raises:
            ConfigurationError: The index is missing.
        """
        await self._renewals.run(self._ping)

    async def claim(
        self, key: str, *, owner: str, lease: timedelta, payload: Payload | None = None, replay: Replay | None = None
    ) -> Claim | Settled | Busy | Reused:
        """Take the message, or say why not."""
        return await self._calls.run(self._claim, key, owner, lease, payload, replay)

    async def renew(self, claim: Claim, *, lease: timedelta) -> None:
        """Extend the lease."""
        await self._renewals.run(self._write, claim, {"lease_until": self._now() + lease}, None)

    async def finish(self, claim: Claim) -> None:
        """Mark the message done."""
        await self._calls.run(self._write, claim, self._terminal(document.DONE), None)

    async def fail(self, claim: Claim, *, at: datetime) -> None:
        """Count a failed attempt and give the message back."""
        attempts = claim.attempts + 1
        changes = {
            "state": document.PENDING,
            "attempts": attempts,
            "first_failed_at": claim.first_failed_at or at,
            **document.NOT_HELD,
        }
        await self._calls.run(self._write, claim, changes, {"attempts": attempts})

    async def bury(self, claim: Claim, burial: Burial) -> None:
        """Keep the burial; only the letter is left."""
        changes = {
            "state": document.DEAD_PENDING,
            "attempts": burial.attempts,
            "claims": 0,
            "first_failed_at": burial.first_failed_at,
            "burial": asdict(burial),
        }
        await self._calls.run(self._write, claim, changes, None)

    async def dead(self, claim: Claim) -> None:
        """Mark the message dead."""
        await self._calls.run(self._write, claim, self._terminal(document.DEAD), None)

    async def release(self, claim: Claim) -> None:
        """Give the message back unless it is already another's."""
        await self._calls.run(self._release, claim)

    async def look(self, key: str) -> Known | None:
        """What is remembered of a message."""
        return await self._calls.run(self._look, key)

    def close(self) -> None:
        """Let the threads end; the client stays the caller's."""
        self._calls.close()
        self._renewals.close()

    # --- in a thread -------------------------------------------------------------------------------------------

    def _ping(self) -> None:
        database = self._collection.database
        database.command("ping")
        asked_at = self._monotonic()
        try:
            local = database.command("hello").get("localTime")
        except (NotImplementedError, OperationFailure):  # some engines know no hello: their clock is taken for ours
            local = None
        if isinstance(local, datetime):
            self._clock.heard(document.aware(local), asked_at=asked_at)
        if EXPIRY_INDEX not in self._collection.index_information():
            raise ConfigurationError(
                f"collection {self._collection.name} has no index {EXPIRY_INDEX}: run MongoInbox.create_indexes()"
            )

    def _claim(
        self, key: str, owner: str, lease: timedelta, payload: Payload | None = None, replay: Replay | None = None
    ) -> Claim | Settled | Busy | Reused:
        self._check_clock(lease)
        now = self._now()
        digest = None if payload is None else document.digest(payload)
        try:
            self._collection.insert_one(document.fresh(key, owner, now, now + lease, digest, replay))
        except DuplicateKeyError:
            return self._take_over(key, owner, lease, digest, replay)
        return Claim(key, owner, fence=1, replays=replay.count if replay else 0)

    def _take_over(
        self, key: str, owner: str, lease: timedelta, digest: str | None, replay: Replay | None
    ) -> Claim | Settled | Busy | Reused:
        found = self._collection.find_one({"_id": key})
        now = self._now()
        if found is None:  # it expired between the two calls
            return Busy(timedelta(0))
        if (answer := document.obstacle(found, owner, now, digest)) is not None:
            return answer
        wanted = document.rearmed(document.unanswered(found, owner), replay)
        if wanted["state"] in document.TERMINAL:
            return Settled(wanted["state"])
        return self._compare_and_set(found, wanted, owner, now + lease)

    def _compare_and_set(
        self, found: dict[str, Any], wanted: dict[str, Any], owner: str, lease_until: datetime
    ) -> Claim | Busy:
        """Take the message if it is as it was found, and make it what is wanted."""
        exactly = {name: found[name] for name in ("_id", "fence", "state", "claims")}
        change = document.taking(found, wanted, owner, lease_until)
        if self._collection.update_one(exactly, change).matched_count != 1:
            return Busy(timedelta(0))
        return document.claim(wanted, owner, fence=found["fence"] + 1, abandoned=wanted["claims"])

    def _look(self, key: str) -> Known | None:
        found = self._collection.find_one({"_id": key})
        if found is None:
            return None
        return Known(found["state"], found["attempts"], document.burial(found["burial"]), found.get("replays", 0))

    def _write(self, claim: Claim, changes: dict[str, Any], already: dict[str, Any] | None) -> None:
        """Write while the claim is ours; a repeated write whose first answer was lost is no fencing."""
        mine = {"_id": claim.key, "owner": claim.owner, "fence": claim.fence}
        if self._collection.update_one(mine, {"$set": changes}).matched_count == 1:
            return
        wanted = already or {"state": changes.get("state")}
        if self._collection.find_one({"_id": claim.key, "fence": claim.fence, **wanted}) is None:
            raise FencedError(f"{claim.key}: claim {claim.fence} was overtaken")

    def _release(self, claim: Claim) -> None:
        mine = {"_id": claim.key, "owner": claim.owner, "fence": claim.fence}
        free = {**document.NOT_HELD, "claims": claim.abandoned}
        back = self._collection.update_one(
            {**mine, "state": document.IN_PROGRESS}, {"$set": {"state": document.PENDING, **free}}
        )
        if back.matched_count == 0:
            self._collection.update_one({**mine, "state": document.DEAD_PENDING}, {"$set": document.NOT_HELD})

    def _terminal(self, state: str) -> dict[str, Any]:
        now = self._now()
        return {"state": state, "settled_at": now, "expire_at": now + self._retention, **document.NOT_HELD}

    def _now(self) -> datetime:
        return self._clock.now()

    def _check_clock(self, lease: timedelta) -> None:
        """A lease is worth nothing if the clock that it is reckoned by may be late by much of it."""
        if self._clock.late_s * SAFETY > lease.total_seconds():
            wanted_s = lease.total_seconds() / SAFETY
            raise StoreUnavailableError(
                f"the store's time is known to {self._clock.late_s:.1f} s, as it answers so slowly; "
                f"leases of {lease.total_seconds():g} s want {wanted_s:.1f} s"
            )
