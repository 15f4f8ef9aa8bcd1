"""Every error of keylane.

KeylaneError
├── ConfigurationError         cannot heal: the program ends with exit code 2
├── UnavailableError           a server is away: waited for, never counted as a failed attempt
│   ├── BrokerUnavailableError
│   └── StoreUnavailableError
├── UnstorableError            what was to be kept is nothing that the store can hold
├── CommitRefusedError         the group moved on; the records come again
├── FencedError                another owner holds this message now: the result is discarded
│   └── LeaseLostError         noticed while the handler ran: it was cancelled
├── OverrunError               a handler took longer than it may: a failed run, whatever counts as an outage
├── UndecodableError           the bytes of a record are no event: straight to the dead letters
├── KeyReuseError              an event's id belongs to another event: straight to the dead letters
├── SelectionError             dead letters were named that are not there, or not clearly enough
│   └── UnknownLetterError
└── Verdict                    what a handler raises to choose its outcome
    ├── Retry
    ├── Fatal
    └── Skip
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

EXIT_CONFIGURATION: Final = 2
"""Exit code of a program that met a `ConfigurationError`."""
MAX_RETRY_AFTER: Final = timedelta(days=1)
"""Longest wait that a handler can ask for: until then nothing behind the record in its partition is committed."""


class KeylaneError(Exception):
    """Root of all errors that keylane raises."""


class ConfigurationError(KeylaneError):
    """What the program was given can never work; the message is one line that says what to change."""


class UnavailableError(KeylaneError):
    """A server did not answer in time; it is worth trying again."""


class BrokerUnavailableError(UnavailableError):
    """Kafka did not answer in time, or answered that it cannot serve just now."""


class StoreUnavailableError(UnavailableError):
    """The idempotency store did not answer in time, or answered that it cannot serve just now."""


class UnstorableError(KeylaneError):
    """The store cannot hold what it was given, however often it is asked: the message says what."""


class CommitRefusedError(KeylaneError):
    """The group has rebalanced since these offsets were read; whoever owns the partitions reads them again."""


class FencedError(KeylaneError):
    """The claim on a message was lost: its lease ran out and another owner took it."""


class LeaseLostError(FencedError):
    """As FencedError, while the handler was still running: it was cancelled."""


class OverrunError(KeylaneError):
    """The handler was cancelled, as it had not ended within `RetryPolicy.timeout`: always a counted failure."""


class UndecodableError(KeylaneError):
    """The record's bytes are not a CloudEvent with a JSON object; the message says which part is wrong."""


class KeyReuseError(KeylaneError):
    """The event's id was used before by an event that says something else: neither may count as the other."""


class SelectionError(KeylaneError):
    """The dead letters that were asked for cannot be told: the message says which, in one line."""


class UnknownLetterError(SelectionError):
    """No dead letter has this id."""


class Verdict(KeylaneError):  # noqa: N818  a choice, not an error
    """Base of what a handler raises to choose its outcome."""


class Retry(Verdict):
    """This run failed: run again later.

    Args:
        reason: Kept in the logs and, after the last attempt, in the dead letter.
        after: Wait this long instead of the policy's backoff, at most `MAX_RETRY_AFTER`.
        counted: False when a dependency is away: the run is not counted as an attempt.

    Raises:
        TypeError: `after` is a number; in a handler that is a failed run, as every error there.
    """

    after: timedelta | None = None
    counted: bool = True

    def __init__(self, reason: str = "", *, after: timedelta | None = None, counted: bool = True) -> None:
        super().__init__(reason)
        if after is not None and not isinstance(after, timedelta):
            raise TypeError(f"Retry(after={after!r}): give a datetime.timedelta, such as timedelta(seconds=2)")
        self.after = after
        self.counted = counted


class Fatal(Verdict):
    """No further attempt can help: dead-letter the message now."""


class Skip(Verdict):
    """The message needs nothing done: it is completed like a success."""
