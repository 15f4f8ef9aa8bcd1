"""A wall clock and a monotonic one, moved together, and what is opened by them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from auth_service.keys import KeyDirectory

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Hands:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return 1000 + (self.now - NOON).total_seconds()

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


def opened(path: Path, hands: Hands) -> KeyDirectory:
    directory = KeyDirectory(path, clock=hands, monotonic=hands.monotonic)
    directory.load()
    return directory
