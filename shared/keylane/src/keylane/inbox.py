"""The idempotency store: who runs a message, how often it failed, and that it is finished.

States of a message within a group:

    pending ──claim──▶ in_progress ──finish──▶ done
       ▲                │   │
       └─fail, release──┘   └──bury──▶ dead_pending ──dead──▶ dead
                        ▲                                       │
                        └────────claim of its replay────────────┘

`attempts` counts failed runs and is never lost. `claims` counts starts since the last outcome, so only a process that
died leaves it above zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Burial:
    """Why a message is dead, kept until its dead letter is written.

    Attributes:
        letter_id: `x-dlq-id`: the same however often the letter is produced.
        reason: exhausted, fatal or crash_loop.
        error_type: Qualified class name of the last error.
        error_message: At most 512 bytes.
        fingerprint: Equal for errors of one cause.
        attempts: Failed runs.
        first_failed_at: Aware UTC.
        last_failed_at: Aware UTC.
        stack: The last error's stack trace, at most 16 KB.
        traceparent: Of the span of the last run; empty without traces.
    """

    letter_id: str
    reason: str
    error_type: str
    error_message: str
    fingerprint: str
    attempts: int
    first_failed_at: datetime
    last_failed_at: datetime
    stack: str = ""
    traceparent: str = ""


class Payload(NamedTuple):
    """What an event says: another event under the same message id says something else.

    Payloads of different form cannot be compared: the same event in the other mode has other bytes.
    """

    form: str
    """`binary` or `structured`."""
    type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Replay:
    """Which replay of a dead message a record is.

    Attributes:
        count: 1 for the first. A dead message is run again for a higher count than any before: each replay acts once.
        id: Of the operator's run that published it.
    """

    count: int
    id: str


class Claim(NamedTuple):
    """The right to run one message, until the lease ends.

    Attributes:
        key: `<group>:<message id>`.
        owner: Who holds it.
        fence: Grows with every claim of this message.
        attempts: Failed runs so far.
        abandoned: Claims before this one that ended without an outcome, in a row.
        first_failed_at: When it failed first; None if it never did.
        burial: Set when only the dead letter is left to be written.
        replays: The latest replay that the message was taken for; 0 for none.
    """

    key: str
    owner: str
    fence: int
    attempts: int = 0
    abandoned: int = 0
    first_failed_at: datetime | None = None
    burial: Burial | None = None
    replays: int = 0


@dataclass(frozen=True, slots=True)
class Settled:
    """The message is done or dead: complete it and do nothing."""

    state: str


@dataclass(frozen=True, slots=True)
class Busy:
    """Another owner runs the message; ask again, at the latest when its lease has ended."""

    lease_left: timedelta


@dataclass(frozen=True, slots=True)
class Reused:
    """The message id belongs to another event, which says something else: neither may count as the other."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the store remembers of a message.

    Attributes:
        state: pending, in_progress, done, dead_pending or dead.
        attempts: Failed runs since it was published or last replayed.
        burial: Why it is dead; None while it is not.
        replays: The latest replay that it was taken for; 0 for none.
    """

    state: str
    attempts: int
    burial: Burial | None
    replays: int = 0


class Inbox(Protocol):
    """Port of the idempotency store. Every method raises `StoreUnavailableError` while the store is away."""

    async def ping(self) -> None:
        """Return when the store answers.

        Raises:
            ConfigurationError: The store can never work as it is (a needed index is missing).
        """

    async def claim(
        self, key: str, *, owner: str, lease: timedelta, payload: Payload | None = None, replay: Replay | None = None
    ) -> Claim | Settled | Busy | Reused:
        """Take the message, or say why not. Counts a start, not an attempt.

        A dead message is taken again, with no attempt counted, for a replay that it was not yet taken for. A done one
        never is.

        Args:
            key: `<group>:<message id>`.
            owner: Unique per delivered record, and the same when this call is repeated because its answer was lost.
            lease: How long the claim lasts without renewal.
            payload: What the event says, if reuse of its id is to be noticed.
            replay: Set for a record of the replay topic.
        """
        ...

    async def renew(self, claim: Claim, *, lease: timedelta) -> None:
        """Extend the lease.

        Raises:
            FencedError: The claim is lost.
        """

    async def finish(self, claim: Claim) -> None:
        """The message is done, for good.

        Raises:
            FencedError: The claim is lost.
        """

    async def fail(self, claim: Claim, *, at: datetime) -> None:
        """Count a failed attempt and give the message back.

        Raises:
            FencedError: The claim is lost.
        """

    async def bury(self, claim: Claim, burial: Burial) -> None:
        """Nothing more will be run: only the dead letter is left. The claim stays held.

        Raises:
            FencedError: The claim is lost.
        """

    async def dead(self, claim: Claim) -> None:
        """The dead letter is written: the message is dead.

        Raises:
            FencedError: The claim is lost.
        """

    async def release(self, claim: Claim) -> None:
        """Give the message back as if this claim had never been; a claim that is already lost is no error."""

    async def look(self, key: str) -> Known | None:
        """What is remembered of a message; None for one that is unknown or long forgotten."""
        ...


@runtime_checkable
class InProcess(Protocol):
    """What an inbox in the worker's own process offers beside: answers without waiting, in which nobody else acts."""

    @property
    def capacity(self) -> int:
        """Finished messages that it remembers, the latest of all."""
        ...

    def knows(self, key: str) -> bool:
        """Whether anything is remembered of a message."""
        ...

    def claim_unknown(self, key: str, *, owner: str, lease: timedelta, payload: Payload) -> Claim:
        """As `Inbox.claim`, of a message that it does not know."""
        ...

    def finish_all_unclaimed(self, finished: Mapping[str, int]) -> None:
        """As `finish_unclaimed`, for each of these keys: the hash of a payload in binary form."""
        ...

    def finish_unclaimed(self, key: str, payload: Payload) -> None:
        """As a claim of a message that it does not know, and its finish, at once."""
