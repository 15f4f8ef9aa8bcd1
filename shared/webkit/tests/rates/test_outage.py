"""While the shared storage is away, strict limits hold in each process, and the others let all pass."""

import logging

import pytest

from lyceum_program.errors import StartRefused
from lyceum_web.rates import Limit, LocalWindows, RateLimiter, Taken, rate_limiter
from lyceum_web.rates.windows import StorageAway
from lyceum_web.testing import ManualClock


class Away:
    """A shared storage that does not answer until it is told to."""

    waits = True

    def __init__(self) -> None:
        self.back = False
        self.shared = LocalWindows()

    def take(self, key: str, amount: int, window_s: int) -> Taken:
        if not self.back:
            raise StorageAway("no answer")
        return self.shared.take(key, amount, window_s)


def test_a_strict_limit_is_kept_by_the_process_alone() -> None:
    limiter = RateLimiter(Away())
    limit = Limit.of("login", "3/minute", strict=True)

    assert [limiter.hit(limit, "ana") is None for _ in range(5)] == [True, True, True, False, False]


def test_another_limit_lets_all_pass() -> None:
    limiter = RateLimiter(Away())

    assert all(limiter.hit(Limit.of("reads", "3/minute"), "ana") is None for _ in range(10))


def test_the_shared_storage_counts_again_once_it_is_back() -> None:
    away = Away()
    limiter = RateLimiter(away)
    limit = Limit.of("reads", "3/minute")
    limiter.hit(limit, "ana")
    away.back = True

    assert [limiter.hit(limit, "ana") is None for _ in range(4)] == [True, True, True, False]


def test_it_is_said_once_in_a_while(caplog: pytest.LogCaptureFixture) -> None:
    clock = ManualClock()
    limiter = RateLimiter(Away(), monotonic=clock.monotonic)
    with caplog.at_level(logging.WARNING):
        for _ in range(100):
            limiter.hit(Limit.of("reads", "3/minute"), "ana")

    assert [record.message for record in caplog.records] == [
        "no answer: strict limits are kept by each process alone, others by nobody"
    ]


@pytest.mark.parametrize("storage", ["nonsense", "nowhere://x", ""])
def test_a_storage_that_nobody_knows_stops_the_start(storage: str) -> None:
    with pytest.raises(StartRefused, match=r"RATE_LIMIT_STORAGE: give memory://"):
        rate_limiter(storage)
