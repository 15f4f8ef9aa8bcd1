"""An inbox in this process: for tests, and for handlers whose effects are idempotent by themselves."""

from __future__ import annotations

import time
from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING

from keylane.arguments import check_count
from keylane.errors import FencedError
from keylane.inbox import Burial, Busy, Claim, Known, Payload, Replay, Reused, Settled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

TERMINAL = ("done", "dead")
BURIED = ("dead_pending", "dead")


class _Entry:  # defaults stand in the class: what most messages never have costs nothing
    state: str = "pending"
    owner: str = ""
    fence: int = 0
    lease_until: float = 0.0
    attempts: int = 0
    claims: int = 0
    first_failed_at: datetime | None = None
    burial: Burial | None = None
    replays: int = 0
    form: str = ""
    digest: int = 0

    def taken_for(self, replay: Replay) -> None:
        if self.state in BURIED:
            self.state, self.attempts, self.claims, self.burial = "pending", 0, 0, None
        self.replays = replay.count


class MemoryInbox:
    """Forgets at exit, and forgets the oldest finished messages beyond `capacity`.

    Two workers of one process may share it; it is used from one event loop only.

    Args:
        capacity: Messages remembered; about 300 bytes each. What a hand-over may deliver again is kept within half of
            it, so a few thousand for each partition leave room for others beside a key that is stuck.
        monotonic: Seconds, for leases.

    Raises:
        ConfigurationError: The capacity is no whole number of at least 1.
    """

    def __init__(self, *, capacity: int = 250_000, monotonic: Callable[[], float] = time.monotonic) -> None:
        check_count("MemoryInbox.capacity", capacity)
        self._entries: dict[str, _Entry] = {}
        self._done: dict[str, int] = {}  # digests of binary ones, of which nothing else is worth knowing: of most
        self._finished: deque[str] = deque()
        self.capacity = capacity
        self._monotonic = monotonic

    async def ping(self) -> None:
        """Answer at once."""

    async def claim(
        self, key: str, *, owner: str, lease: timedelta, payload: Payload | None = None, replay: Replay | None = None
    ) -> Claim | Settled | Busy | Reused:
        """Take the message, or say why not."""
        entry = self._entry(key)
        now = self._monotonic()
        if entry is None:
            taken = self._take_unknown(key, owner, now + lease.total_seconds(), _fresh(payload, replay))
            return taken if replay is None else taken._replace(replays=replay.count)
        if payload is not None and entry.form == payload.form and entry.digest != hash(payload):
            return Reused()
        if entry.owner and entry.lease_until > now:
            return Busy(timedelta(seconds=entry.lease_until - now))
        if replay is not None and entry.state != "done" and replay.count > entry.replays:
            entry.taken_for(replay)
        if entry.state in TERMINAL:
            return Settled(entry.state)
        own_start = entry.owner == owner  # its answer was lost, and its lease ended before it asked again
        abandoned = max(entry.claims - own_start, 0)
        entry.owner, entry.lease_until = owner, now + lease.total_seconds()
        entry.fence += 1
        entry.claims = abandoned + 1
        if entry.state == "pending":
            entry.state = "in_progress"
        first, burial = entry.first_failed_at, entry.burial
        return Claim(key, owner, entry.fence, entry.attempts, abandoned, first, burial, entry.replays)

    def knows(self, key: str) -> bool:
        """Whether anything is remembered of a message."""
        return key in self._done or key in self._entries

    def claim_unknown(self, key: str, *, owner: str, lease: timedelta, payload: Payload) -> Claim:
        """Take a message that is not known."""
        lease_until = self._monotonic() + lease.total_seconds()
        return self._take_unknown(key, owner, lease_until, _fresh(payload, None))

    def finish_all_unclaimed(self, finished: Mapping[str, int]) -> None:
        """Mark messages done that are not known."""
        self._done.update(finished)
        self._finished.extend(finished)
        while len(self._finished) > self.capacity:
            self._forget(self._finished.popleft())

    def finish_unclaimed(self, key: str, payload: Payload) -> None:
        """Mark a message done that is not known."""
        entry = self._entries[key] = _fresh(payload, None)
        entry.state, entry.fence = "done", 1
        self._forget_oldest(key)

    async def renew(self, claim: Claim, *, lease: timedelta) -> None:
        """Extend the lease."""
        self._held(claim).lease_until = self._monotonic() + lease.total_seconds()

    async def finish(self, claim: Claim) -> None:
        """Mark the message done."""
        self._settle(claim, "done")
        self._forget_oldest(claim.key)

    async def fail(self, claim: Claim, *, at: datetime) -> None:
        """Count a failed attempt and give the message back."""
        entry = self._held(claim)
        entry.attempts += 1
        entry.first_failed_at = entry.first_failed_at or at
        self._settle(claim, "pending")

    async def bury(self, claim: Claim, burial: Burial) -> None:
        """Keep the burial; only the letter is left."""
        entry = self._held(claim)
        entry.state, entry.burial, entry.attempts, entry.claims = "dead_pending", burial, burial.attempts, 0
        entry.first_failed_at = burial.first_failed_at

    async def dead(self, claim: Claim) -> None:
        """Mark the message dead."""
        self._settle(claim, "dead")
        self._forget_oldest(claim.key)

    async def release(self, claim: Claim) -> None:
        """Give the message back unless it is already another's."""
        entry = self._entry(claim.key)
        if entry is None or (entry.owner, entry.fence) != (claim.owner, claim.fence):
            return
        if entry.state == "in_progress":
            entry.state = "pending"
        entry.owner, entry.claims = "", claim.abandoned

    async def look(self, key: str) -> Known | None:
        """What is remembered of a message."""
        entry = self._entry(key)
        return None if entry is None else Known(entry.state, entry.attempts, entry.burial, entry.replays)

    def _take_unknown(self, key: str, owner: str, lease_until: float, entry: _Entry) -> Claim:
        self._entries[key] = entry
        entry.state, entry.owner, entry.lease_until = "in_progress", owner, lease_until
        entry.fence = entry.claims = 1
        return Claim(key, owner, 1)

    def _held(self, claim: Claim) -> _Entry:
        entry = self._entry(claim.key)
        if entry is None or entry.fence != claim.fence or entry.owner != claim.owner:
            raise FencedError(f"{claim.key}: claim {claim.fence} was overtaken")
        return entry

    def _settle(self, claim: Claim, state: str) -> None:
        entry = self._held(claim)
        entry.state, entry.owner, entry.claims = state, "", 0

    def _entry(self, key: str) -> _Entry | None:
        if (digest := self._done.pop(key, None)) is not None:
            self._entries[key] = _finished(digest)
        return self._entries.get(key)

    def _forget_oldest(self, finished: str) -> None:
        """In a queue of their own, as the first key of a dict that lost many is found only by walking over them."""
        self._finished.append(finished)
        if len(self._finished) > self.capacity:
            self._forget(self._finished.popleft())

    def _forget(self, key: str) -> None:
        if key in self._done:
            del self._done[key]
        elif (entry := self._entries.get(key)) is not None and entry.state in TERMINAL:
            del self._entries[key]


def _finished(digest: int) -> _Entry:
    """Of a message of which nothing is worth knowing but that it is done, and what it said."""
    entry = _Entry()
    entry.state, entry.fence, entry.form, entry.digest = "done", 1, "binary", digest
    return entry


def _fresh(payload: Payload | None, replay: Replay | None) -> _Entry:
    """A message never seen before; its payload is remembered as a hash, which holds for this process."""
    entry = _Entry()
    if payload is not None:
        entry.form, entry.digest = payload.form, hash(payload)
    if replay is not None:
        entry.replays = replay.count
    return entry
