"""What the error of a handler means: run again without counting, count and run again, or dead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from keylane import letters
from keylane.errors import MAX_RETRY_AFTER, Fatal, OverrunError, Retry, Skip
from keylane.retry import outage_delay_s

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from keylane.retry import RetryPolicy


@dataclass(frozen=True, slots=True)
class Judge:
    """Decides by the policy, the handler's own choice and the kinds of errors that are outages."""

    policy: RetryPolicy
    outages: tuple[type[Exception], ...]
    jitter: random.Random

    def meant(self, error: Exception) -> Exception:
        """What a group of errors, as of an `asyncio.TaskGroup`, comes to: its gravest error, or itself if several tie.

        One Fatal is fatal for all; a failure outweighs the outages beside it; Skip is heard only from all.
        """
        if not isinstance(error, ExceptionGroup):
            return error
        leaves = list(_leaves(error))
        for grave in (_is_fatal, self._is_failure, _is_no_skip):
            if found := [leaf for leaf in leaves if grave(leaf)]:
                return error if grave == self._is_failure and len(found) > 1 else found[0]
        return leaves[0]

    def counts(self, error: BaseException) -> bool:
        """Whether a run that ended so is a failed attempt."""
        return not (self.is_outage(error) or (isinstance(error, Retry) and not error.counted))

    def is_outage(self, error: BaseException) -> bool:
        """Whether a server that the handler needs is away, so that other runs would end the same way."""
        return isinstance(error, self.outages) and not isinstance(error, OverrunError)

    def death(self, error: BaseException, attempts: int) -> str | None:
        """The reason of the dead letter after that many failed runs, or None for another run."""
        if isinstance(error, Fatal):
            return letters.FATAL
        return letters.EXHAUSTED if attempts >= self.policy.max_attempts else None

    def pause_s(self, error: BaseException, attempts: int) -> float:
        """Seconds to wait after a counted failure."""
        wanted = self._wanted(error)
        return self.policy.delay_s(attempts, jitter=self.jitter) if wanted is None else wanted

    def outage_pause_s(self, error: BaseException, tries: int) -> float:
        """Seconds to wait after a run that does not count."""
        wanted = self._wanted(error)
        return outage_delay_s(tries, jitter=self.jitter) if wanted is None else wanted

    def _is_failure(self, error: BaseException) -> bool:
        return not isinstance(error, Skip) and self.counts(error)

    def _wanted(self, error: BaseException) -> float | None:
        if isinstance(error, Retry) and isinstance(error.after, timedelta):  # it may have been set to anything since
            return max(0.0, min(error.after, MAX_RETRY_AFTER).total_seconds())
        return None


def _is_fatal(error: BaseException) -> bool:
    return isinstance(error, Fatal)


def _is_no_skip(error: BaseException) -> bool:
    return not isinstance(error, Skip)


def _leaves(group: ExceptionGroup[Exception]) -> Iterator[Exception]:
    for error in group.exceptions:
        if isinstance(error, ExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
