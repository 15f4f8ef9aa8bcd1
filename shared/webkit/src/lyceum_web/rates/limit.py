"""What a rate limit says."""

import re
from dataclasses import dataclass
from typing import Self

from limits import parse

from lyceum_database.keys import compose

MAX_AMOUNT = 10_000
"""Of one window: each counted request takes memory until it leaves the window."""

MAX_WINDOW_S = 366 * 24 * 3600
"""A year: longer ones leave what a date can hold."""

_NO_TIME = re.compile(r"(/|\bper)\s*0+\s*[a-z]", re.IGNORECASE)
"""The library takes no minutes for one minute."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests in any stretch of time of a given length.

    Attributes:
        name: the class of routes that it is for; also in the answers' headers.
        amount: requests.
        window_s: seconds.
        strict: whether it is kept, by this process alone, while the shared storage is away; else all may pass then.
    """

    name: str
    amount: int
    window_s: int
    strict: bool = False

    @classmethod
    def of(cls, name: str, rate: str, *, strict: bool = False) -> Self:
        """Read a rate such as `10/minute`, `100 per 5 minutes` or `1/second`.

        Raises:
            ValueError: it is no rate, or of more than `MAX_AMOUNT` requests, or of a longer time than a year.
        """
        try:
            item = parse(rate)
        except ValueError:
            raise ValueError(f"rate {rate!r}: give a number per time, e.g. 10/minute or 100 per 5 minutes") from None
        if not 1 <= item.amount <= MAX_AMOUNT:
            raise ValueError(f"rate {rate!r}: give 1 to {MAX_AMOUNT} requests per window")
        if _NO_TIME.search(rate) or item.get_expiry() > MAX_WINDOW_S:
            raise ValueError(f"rate {rate!r}: give a time from a second to a year")
        return cls(name, item.amount, item.get_expiry(), strict)

    @property
    def policy(self) -> str:
        """The limit as an item of `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers)."""
        return f'"{self.name}";q={self.amount};w={self.window_s}'

    def key(self, *parts: str) -> str:
        """Return the name of the window of one caller; different parts never give the same."""
        return compose(self.name, str(self.amount), str(self.window_s), *parts)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one request's attempt to pass.

    Attributes:
        allowed: whether it passes; what does not is not counted.
        remaining: how many more would pass now.
        reset_s: seconds until one more passes than now.
    """

    allowed: bool
    remaining: int
    reset_s: float
