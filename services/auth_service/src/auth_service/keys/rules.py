"""Which key signs, and which are published: decided from the keys and the time alone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from auth_service.keys.signing_key import SigningKey

LONGEST_TOKEN_LIFETIME = timedelta(minutes=15)
"""No access token lives longer: RFC 9700 asks for short lives, and old keys are withdrawn by this."""

CLOCK_SKEW = timedelta(minutes=5)
"""How far the clocks of two replicas may be apart: one that is behind signs with the former key for so much longer."""

LEAD = timedelta(minutes=2)
"""How long a new key is published before it signs: every replica has read it by then, and every cached set is stale."""


def in_turn(keys: Sequence[SigningKey]) -> list[SigningKey]:
    """Order keys by when they begin to sign."""
    return sorted(keys, key=lambda key: key.turn)


def current(keys: Sequence[SigningKey], now: datetime) -> SigningKey:
    """Choose the key that signs: the last one whose turn has come.

    If no turn has come, because this clock is behind, it is the first: it is published, so its tokens are good.
    """
    ordered = in_turn(keys)
    started = [key for key in ordered if key.starts_at <= now]
    return started[-1] if started else ordered[0]


def retirements(keys: Sequence[SigningKey]) -> dict[str, datetime]:
    """Tell by key id when the last token of each key has expired; the last key in turn has no such time."""
    return {
        key.kid: successor.starts_at + LONGEST_TOKEN_LIFETIME + CLOCK_SKEW for key, successor in pairwise(in_turn(keys))
    }


def published(keys: Sequence[SigningKey], now: datetime) -> list[SigningKey]:
    """Choose the keys whose tokens may be about now, or soon."""
    ends = retirements(keys)
    return [key for key in in_turn(keys) if key.kid not in ends or now < ends[key.kid]]
