"""The lease under which a seat is sought: what other processes see of it, and what the one who wrote it knows."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lyceum_allocation.models import Allocation

LEASE = timedelta(seconds=10)
"""Longer than a claim takes. A process that dies holds up its one student until the sweeper comes by after that."""


@dataclass(slots=True)
class Lease:
    """A lease that this process wrote.

    Attributes:
        allocation: for whom.
        is_fresh: the epoch began with it, so nobody can have claimed a seat before.
    """

    allocation: Allocation
    is_fresh: bool = True
    _name: tuple[str, int, datetime | None] = field(init=False)

    def __post_init__(self) -> None:
        self._name = _name_of(self.allocation)

    def is_on(self, waiter: Allocation) -> bool:
        """Tell whether a waiter still has this lease."""
        return self._name == _name_of(waiter)


def lease_until(now: datetime) -> datetime:
    """End of a lease that begins now, as it is stored: in whole milliseconds."""
    until = now + LEASE
    return until.replace(microsecond=until.microsecond // 1000 * 1000)


def is_running(claiming_until: datetime | None, now: datetime) -> bool:
    """Tell whether somebody may still seek a seat under a lease that ends then.

    A lease that ends later than any could was written by a host whose clock is wrong: it would hold its student up for
    as long as that clock is ahead. Taking it for over is safe, as every write is conditional.
    """
    return claiming_until is not None and now < claiming_until <= now + 2 * LEASE


def _name_of(allocation: Allocation) -> tuple[str, int, datetime | None]:
    """No two leases of an epoch end at the same moment: the next one begins when the last one is over."""
    return allocation.id, allocation.epoch, allocation.claiming_until
