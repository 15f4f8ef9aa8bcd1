"""Whether students were served in the order in which they came, judged by what is written down of them."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from lyceum_allocation.waitlist import LEASE

from .evidence import Stay

CLOCK_STEP = timedelta(milliseconds=100)
"""Whoever came less than this after another is not held to have come later."""
HELD_UP = LEASE + timedelta(seconds=10)
"""A process that dies holds up the one student whom it served, until its lease is over and a sweep comes by; the seat
that he could take is kept for him. Whoever gets his own within this was not overtaken."""


def overtaken(stays: Sequence[Stay]) -> Iterator[str]:
    """A student who stood in the queue before another one came, and waits, or waited long, after that one got a seat.

    All who are judged here want the same: any seat that came free would have been the first one's.
    """
    served = [(one, one.seated) for one in stays if one.seated is not None]
    for first in stays:
        if first.told_to_wait is None:
            continue
        for later, seated in served:
            came_later = later.joined > first.told_to_wait + CLOCK_STEP
            if came_later and (first.left is None or first.left > seated + HELD_UP):
                until = "to this day" if first.left is None else f"{(first.left - seated).total_seconds():.0f} s longer"
                yield f"{first.allocation} waited {until}, {later.allocation} came later and got a seat"
                break
