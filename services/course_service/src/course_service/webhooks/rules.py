"""When an event is tried again, and when it is given up. Pure."""

from datetime import datetime, timedelta

GRACE = timedelta(seconds=10)
"""Whoever stored an event also acts upon it; only if that takes longer than this a sweep does."""

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)

GIVEN_UP_AFTER = timedelta(days=3)
"""As long as Stripe repeats a delivery in vain: https://docs.stripe.com/webhooks#automatic-retries."""

_MOST_DOUBLINGS = 16


def next_try(tries: int, now: datetime) -> datetime:
    """Say when to try again after so many tries: each wait is twice the one before, up to an hour."""
    factor: int = 1 << min(tries, _MOST_DOUBLINGS)
    return now + min(FIRST_WAIT * factor, LONGEST_WAIT)


def is_given_up(received_at: datetime, now: datetime) -> bool:
    """Say whether an event that still cannot be acted upon is left to a person."""
    return now - received_at >= GIVEN_UP_AFTER
