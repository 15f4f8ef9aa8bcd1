"""What a handler raises is judged in any case: a wrong or strange error is a failed run, never a stuck partition."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from keylane import MAX_RETRY_AFTER, Message, Retry, RetryPolicy
from keylane.testing import until
from keylane.verdict import Judge

if TYPE_CHECKING:
    from collections.abc import Callable

    from keylane.testing import Rig


class Unprepared(Retry):
    """A verdict of the user's own whose constructor forgets ours."""

    def __init__(self) -> None:
        pass


class Unjudgeable(Retry):
    """Whoever asks it anything gets an error."""

    @property
    def counted(self) -> bool:
        raise ZeroDivisionError

    @counted.setter
    def counted(self, _: bool) -> None:
        pass


def changed_later() -> Retry:
    error = Retry("busy")
    error.after = 0.2  # type: ignore[assignment]  # wrong on purpose
    return error


def seconds() -> Retry:
    wrong: Any = 0.2
    return Retry("busy", after=wrong, counted=False)


@pytest.mark.parametrize("make", [seconds, changed_later, Unprepared, Unjudgeable])
@pytest.mark.parametrize("asynchronous", [True, False])
async def test_a_wrong_verdict_is_a_failed_run(memory: Rig, make: Callable[[], Exception], asynchronous: bool) -> None:
    runs: list[int] = []

    def handle(message: Message) -> None:
        if message.id == "wrong":
            runs.append(message.attempt)
            raise make()

    async def handle_async(message: Message) -> None:
        handle(message)

    await memory.publish("wrong", data={})
    await memory.publish("next", data={})
    worker = memory.start({"made": handle_async if asynchronous else handle})
    await until(lambda: worker.counts.dead == 1 and worker.counts.done == 1)

    assert runs == [1, 2, 3, 4, 5]
    assert worker.ready, worker.why_unready


@pytest.mark.parametrize("after", [0.2, 2, "2 s"])
def test_a_wait_that_is_no_timedelta_is_refused_where_it_is_written(after: Any) -> None:
    with pytest.raises(TypeError, match=r"^Retry\(after=.*\): give a datetime\.timedelta"):
        Retry("busy", after=after)


def test_a_handler_cannot_wait_for_ever() -> None:
    judge = Judge(RetryPolicy(), (), random.Random(1))

    assert judge.pause_s(Retry(after=timedelta.max), 1) == MAX_RETRY_AFTER.total_seconds()
    assert judge.outage_pause_s(Retry(after=timedelta.max, counted=False), 1) == MAX_RETRY_AFTER.total_seconds()
    assert judge.pause_s(Retry(after=timedelta(seconds=-1)), 1) == 0


def test_no_attempt_is_so_late_that_its_wait_cannot_be_reckoned() -> None:
    policy = RetryPolicy(factor=100, cap=timedelta.max, base=timedelta.max)
    assert policy.ceiling_s(10_000) == timedelta.max.total_seconds()
