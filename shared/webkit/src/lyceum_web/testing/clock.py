"""A clock for tests."""

from datetime import UTC, datetime, timedelta


class ManualClock:
    """Stands still until it is moved; fits wherever a `Clock` is asked for, its `monotonic` wherever seconds are."""

    def __init__(self, now: datetime = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)) -> None:
        self.now = now
        self._elapsed_s = 1000.0

    def __call__(self) -> datetime:
        """Return the moment at which the clock stands."""
        return self.now

    def monotonic(self) -> float:
        """Return seconds that passed since some moment."""
        return self._elapsed_s

    def advance(self, by: timedelta) -> None:
        """Move the clock on."""
        self.now += by
        self._elapsed_s += by.total_seconds()
