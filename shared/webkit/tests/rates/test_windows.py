"""Exactly so many requests pass in any stretch of a window's length, from any number of threads, in bounded memory."""

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Lock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyceum_web.rates import Limit, LocalWindows, RateLimiter, Taken, rate_limiter
from lyceum_web.rates.limiter import retry_after_s
from lyceum_web.testing import ManualClock

LIMIT = Limit.of("login", "3/minute")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def take(clock: ManualClock) -> Callable[[str], Taken]:
    windows = LocalWindows(monotonic=clock.monotonic)
    return lambda key: windows.take(key, 3, 60)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def test_the_limit_passes_and_no_more(take: Callable[[str], Taken]) -> None:
    taken = [take("ana") for _ in range(5)]

    assert [each.allowed for each in taken] == [True, True, True, False, False]
    assert [each.remaining for each in taken] == [2, 1, 0, 0, 0]


def test_one_more_passes_as_soon_as_the_oldest_has_left(take: Callable[[str], Taken], clock: ManualClock) -> None:
    take("ana")
    clock.advance(seconds(10))
    take("ana")
    take("ana")
    refused = take("ana")
    assert refused.reset_s == pytest.approx(50)

    clock.advance(seconds(refused.reset_s - 0.001))
    assert not take("ana").allowed
    clock.advance(seconds(0.001))

    assert take("ana").allowed
    assert not take("ana").allowed


def test_what_is_refused_is_not_counted(take: Callable[[str], Taken], clock: ManualClock) -> None:
    for _ in range(100):
        take("ana")
        clock.advance(seconds(0.1))
    clock.advance(seconds(51))

    assert take("ana").allowed


def test_callers_do_not_share(take: Callable[[str], Taken]) -> None:
    for _ in range(4):
        take("ana")

    assert take("ben").allowed


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 40)), max_size=60))
def test_no_stretch_of_a_window_ever_holds_more_than_the_limit(steps: list[tuple[str, float]]) -> None:
    clock = ManualClock()
    windows = LocalWindows(monotonic=clock.monotonic)
    passed: dict[str, list[float]] = {"a": [], "b": []}
    for key, pause in steps:
        clock.advance(seconds(pause))
        now = clock.monotonic()
        recent = [moment for moment in passed[key] if moment > now - 60]
        taken = windows.take(key, 3, 60)

        assert taken.allowed == (len(recent) < 3)
        if taken.allowed:
            passed[key].append(now)
        assert taken.remaining == 3 - len([moment for moment in passed[key] if moment > now - 60])


@pytest.fixture
def threads_in_a_hurry() -> Iterator[None]:
    """Threads change places all the time, also between reading and writing a counter."""
    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual_s)


@pytest.mark.usefixtures("threads_in_a_hurry")
@pytest.mark.parametrize("amount", [1, 5])
def test_exactly_the_limit_passes_from_many_threads(amount: int) -> None:
    limiter = rate_limiter()
    limit = Limit.of("login", f"{amount}/hour")
    together = Barrier(8)

    def attempts(_: int) -> list[int]:
        passed = []
        for key in range(200):
            together.wait()
            passed.append(sum(limiter.hit(limit, str(key)) is None for _ in range(2)))
        return passed

    with ThreadPoolExecutor(8) as pool:
        by_key = zip(*pool.map(attempts, range(8)), strict=True)
        assert {sum(passed) for passed in by_key} == {amount}


def test_no_two_threads_count_at_the_same_moment() -> None:
    """Or both could find room for the last one; the moments are too short for the test above to meet."""
    counting = Lock()
    met: list[bool] = []

    def monotonic() -> float:
        alone = counting.acquire(blocking=False)
        met.append(not alone)
        time.sleep(0.001)  # lets the others run, as any thread may be made to at any place
        if alone:
            counting.release()
        return time.monotonic()

    windows = LocalWindows(monotonic=monotonic)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: windows.take("ana", 3, 60), range(64)))

    assert not any(met)


def test_strangers_cannot_fill_the_memory(clock: ManualClock) -> None:
    windows = LocalWindows(monotonic=clock.monotonic, max_keys=100, max_moments=1000)
    passed = sum(windows.take(f"stranger {number} {'x' * 10_000}", 1, 60).allowed for number in range(5_000))

    assert len(windows._windows) <= 100 + 256
    assert passed <= 100 + 256


def test_who_was_limited_before_a_flood_of_strangers_stays_limited(clock: ManualClock) -> None:
    windows = LocalWindows(monotonic=clock.monotonic, max_keys=100, max_moments=1000)
    while windows.take("ana", 3, 60).allowed:
        pass
    for number in range(5_000):
        windows.take(f"stranger {number}", 3, 60)

    assert not windows.take("ana", 3, 60).allowed


def test_few_callers_with_high_limits_cannot_fill_the_memory_either(clock: ManualClock) -> None:
    windows = LocalWindows(monotonic=clock.monotonic, max_keys=100, max_moments=1000)
    for number in range(50_000):
        windows.take(f"caller {number % 5}", 10_000, 60)

    assert windows._moments <= 1000 + 256 * 10_000
    assert windows._moments == sum(len(window.moments) for window in windows._windows.values())
    assert sum(len(windows._windows[key].moments) for key in windows._windows if len(key) == 16) <= 1000


def test_windows_left_empty_are_forgotten(clock: ManualClock) -> None:
    windows = LocalWindows(monotonic=clock.monotonic)
    for number in range(1000):
        windows.take(f"caller {number}", 3, 60)
    clock.advance(seconds(61))
    for _ in range(500):
        windows.take("ana", 1000, 60)

    assert len(windows._windows) <= 2
    assert windows._moments == 500


@pytest.mark.parametrize(("rate", "amount", "window_s"), [("10/minute", 10, 60), ("100 per 5 minutes", 100, 300)])
def test_rates_are_read(rate: str, amount: int, window_s: int) -> None:
    assert Limit.of("x", rate) == Limit("x", amount, window_s)


@pytest.mark.parametrize(
    "rate",
    [
        "",
        "ten/minute",
        "0/minute",
        "-1/minute",
        "10001/minute",
        "10/fortnight",
        "1/0 minute",
        "1 per 00 hours",
        "1/2 years",
    ],
)
def test_what_is_no_rate_is_refused(rate: str) -> None:
    with pytest.raises(ValueError, match=f"rate '{rate}': give"):
        Limit.of("x", rate)


def test_different_callers_never_share_a_key() -> None:
    assert LIMIT.key("a:b", "c") != LIMIT.key("a", "b:c")
    assert LIMIT.key("a", "") != LIMIT.key("a")
    assert LIMIT.key("a") != Limit.of("signup", "3/minute").key("a")


def test_the_time_to_wait_is_whole_seconds_that_suffice(clock: ManualClock) -> None:
    limiter = RateLimiter(LocalWindows(monotonic=clock.monotonic))
    for _ in range(3):
        assert limiter.hit(LIMIT, "ana") is None
    clock.advance(seconds(0.5))
    wait = limiter.hit(LIMIT, "ana")

    assert wait == 60
    assert retry_after_s(Taken(allowed=False, remaining=0, reset_s=0.0)) == 1
    clock.advance(seconds(wait))
    assert limiter.hit(LIMIT, "ana") is None
