"""A clock for tests."""

from datetime import UTC, datetime, timedelta


class ManualClock:
    """A clock that stands still until it is moved; fits wherever a `Clock` is asked for."""

    def __init__(self, now: datetime = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Return the moment at which the clock stands."""
        return self.now

    def advance(self, by: timedelta) -> None:
        """Move the clock on."""
        self.now += by
