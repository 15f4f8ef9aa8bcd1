"""What a handler raises is judged in any case: a wrong or strange error is a failed run, never a stuck partition."""

from __future__ import annotations

import asyncio
import random
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from keylane import MAX_RETRY_AFTER, Fatal, MemoryInbox, Message, Retry, RetryPolicy, Skip
from keylane.testing import FaultyInbox, until
from keylane.verdict import Judge

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

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


@pytest.mark.parametrize("kind", [OSError, TimeoutError, Exception])
async def test_an_overrun_is_a_failed_run_whatever_counts_as_an_outage(memory: Rig, kind: type[Exception]) -> None:
    async def handle(_: Message) -> None:
        await asyncio.sleep(20)

    await memory.publish("slow", data={})
    policy = RetryPolicy(max_attempts=2, base=timedelta(0), timeout=timedelta(seconds=0.05))
    worker = memory.start({"made": handle}, outages=[kind], retry=policy)
    await until(lambda: worker.counts.dead == 1, timeout_s=5)

    (letter,) = await memory.letters(1)
    headers = dict(letter.headers)
    assert (headers["x-dlq-reason"], headers["x-dlq-attempts"]) == (b"exhausted", b"2")
    assert headers["x-dlq-error-msg"] == b"no end within 0.05 s"


class Gone(Exception):  # noqa: N818  said as users of outages name theirs
    """A server of the handler's is away."""


async def fails_with(error: Exception) -> None:
    raise error


async def many(*errors: Exception) -> None:
    """As in a handler that does several things side by side, in groups of groups."""
    async with asyncio.TaskGroup() as outer:
        outer.create_task(fails_with(ExceptionGroup("inner", errors)))


async def test_a_fatal_in_a_group_is_fatal_and_its_own_words_are_kept(memory: Rig) -> None:
    runs: list[int] = []

    async def handle(message: Message) -> None:
        runs.append(message.attempt)
        await many(Gone("away"), ValueError("odd"), Fatal("no such course"))

    await memory.publish("e", data={})
    memory.start({"made": handle}, outages=[Gone])
    (letter,) = await memory.letters(1)

    headers = dict(letter.headers)
    assert (runs, headers["x-dlq-reason"], headers["x-dlq-error-msg"]) == ([1], b"fatal", b"no such course")


@pytest.mark.parametrize(
    "errors", [[Gone("a")], [Gone("a"), Gone("b")], [Retry("later", counted=False), Skip("nothing to do")]]
)
async def test_a_group_of_outages_is_an_outage(memory: Rig, errors: list[Exception]) -> None:
    runs: list[int] = []

    async def handle(message: Message) -> None:
        runs.append(message.attempt)
        if len(runs) <= 3:  # more than there are attempts
            await many(*errors)

    await memory.publish("e", data={})
    retry = RetryPolicy(max_attempts=2, outages_to_open=100)
    worker = memory.start({"made": handle}, outages=[Gone], retry=retry)
    await until(lambda: worker.counts.done == 1)

    assert runs == [1] * 4


@pytest.mark.parametrize("asynchronous", [True, False])
async def test_a_group_of_skips_is_one(memory: Rig, asynchronous: bool) -> None:
    def handle(_: Message) -> None:
        raise ExceptionGroup("both", [Skip("this"), Skip("that")])

    async def handle_async(_: Message) -> None:
        await many(Skip("this"), Skip("that"))

    await memory.publish("e", data={})
    worker = memory.start({"made": handle_async if asynchronous else handle})
    await until(lambda: worker.counts.done == 1, timeout_s=5)


@pytest.mark.parametrize(("error", "outcome"), [(Skip(), "finish"), (Gone("away"), "release"), (ValueError(), "fail")])
async def test_a_group_means_the_same_in_a_thread_that_outlives_its_lane(
    memory: Rig, error: Exception, outcome: str
) -> None:
    inbox, gate, began = FaultyInbox(MemoryInbox()), threading.Event(), threading.Event()

    def handle(_: Message) -> None:
        began.set()
        gate.wait(20)
        raise ExceptionGroup("both", [Skip(), error])

    await memory.publish("e", data={})
    worker = memory.start({"made": handle}, inbox=inbox, outages=[Gone])
    await until(began.is_set)
    membership = worker._membership
    assert membership is not None
    await membership.revoked(list(membership.owned))
    gate.set()
    outcomes = ("finish", "release", "fail")
    await until(lambda: any(inbox.calls[one] for one in outcomes))

    assert [one for one in outcomes if inbox.calls[one]] == [outcome]


def test_what_a_group_comes_to() -> None:
    judge = Judge(RetryPolicy(), (Gone,), random.Random(1))
    odd, strange, gone, skip = ValueError("odd"), KeyError("strange"), Gone("away"), Skip()
    both = ExceptionGroup("both", [gone, ExceptionGroup("inner", [odd, strange])])

    assert judge.meant(odd) is odd
    assert judge.meant(ExceptionGroup("one", [ExceptionGroup("one", [odd])])) is odd
    assert judge.meant(ExceptionGroup("mixed", [skip, gone, odd])) is odd, "what failed counts, whatever is away"
    assert judge.meant(ExceptionGroup("away", [skip, gone])) is gone
    assert judge.meant(both) is both, "neither says more than the other"


async def test_a_generator_that_a_decorator_hid_is_a_failed_run_not_a_done_message(memory: Rig) -> None:
    """No line of it has run."""

    def lines(message: Message) -> Iterator[Message]:
        yield message

    async def later(message: Message) -> AsyncIterator[Message]:
        yield message

    def hidden(generator: Callable[[Message], Any]) -> Callable[[Message], Any]:
        def called(message: Message) -> Any:
            return generator(message)

        return called

    kinds = [hidden(lines), hidden(later)]
    worker = memory.start({f"made.{at}": kind for at, kind in enumerate(kinds)})
    for at in range(len(kinds)):
        await memory.publish(f"e{at}", type_=f"made.{at}", key=f"k{at}", data={})
    await until(lambda: worker.counts.dead == len(kinds))

    assert worker.counts.done == 0
    said = {dict(letter.headers)["x-dlq-error-msg"] for letter in await memory.letters(len(kinds))}
    assert said == {b"the handler returned a generator, of which no line ran: take out its `yield`"}
