"""Each named point is passed once per message, where its name says, and a hook there can end everything."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from keylane import BrokerUnavailableError, Fatal, MemoryInbox, Message
from keylane.testing import (
    Failpoint,
    FailpointInbox,
    InMemoryBroker,
    failpoint_broker,
    failpoint_handlers,
    until,
)

if TYPE_CHECKING:
    from keylane.testing import Rig
    from keylane.worker import Worker


async def succeed_on_loop(_: Message) -> None:
    await asyncio.sleep(0)


def succeed_in_thread(_: Message) -> None:
    assert threading.current_thread() is not threading.main_thread()


def succeed_later(message: Message) -> Any:
    return succeed_on_loop(message)


def refuse(_: Message) -> None:
    raise Fatal("never")


def start(rig: Rig, handler: Any, passed: list[Any]) -> Worker:
    inbox = FailpointInbox(MemoryInbox(), passed.append)
    handlers = failpoint_handlers({"made": handler}, passed.append)
    return rig.start(handlers, inbox=inbox, broker=failpoint_broker(rig.broker, passed.append))


@pytest.mark.parametrize("handler", [succeed_on_loop, succeed_in_thread, succeed_later])
async def test_a_message_that_succeeds_passes_its_points_in_order(memory: Rig, handler: Any) -> None:
    passed: list[Any] = []
    await memory.publish("e", data={})
    start(memory, handler, passed)

    await until(lambda: Failpoint.BEFORE_COMMIT in passed)

    assert passed == ["after_claim", "after_effect", "after_finish", "before_commit"]


@pytest.mark.parametrize("later", [False, True])
async def test_an_effect_on_the_loop_is_there_at_the_point_after_it(memory: Rig, later: bool) -> None:
    passed: list[Any] = []

    async def act(_: Message) -> None:
        await asyncio.sleep(0.01)
        passed.append("effect")

    def act_later(message: Message) -> Any:
        return act(message)

    await memory.publish("e", data={})
    start(memory, act_later if later else act, passed)

    await until(lambda: Failpoint.AFTER_FINISH in passed)

    assert passed[:4] == ["after_claim", "effect", "after_effect", "after_finish"]


async def test_a_message_that_dies_passes_the_point_between_its_letter_and_its_mark(memory: Rig) -> None:
    passed: list[Any] = []
    await memory.publish("e", data={})
    start(memory, refuse, passed)

    await until(lambda: Failpoint.BEFORE_COMMIT in passed)

    assert passed == ["after_claim", "between_letter_and_mark", "before_commit"]
    assert len(await memory.letters(1)) == 1


async def test_a_duplicate_is_not_claimed(memory: Rig) -> None:
    passed: list[Any] = []
    await memory.publish("e", data={})
    await memory.publish("e", data={})
    worker = start(memory, succeed_on_loop, passed)

    await until(lambda: worker.counts.duplicate == 1)

    assert passed.count(Failpoint.AFTER_CLAIM) == 1


async def test_what_is_raised_before_a_commit_keeps_it_from_being_sent(memory: Rig) -> None:
    asked: list[Any] = []

    def refuse_commits(point: Failpoint) -> None:
        if point is Failpoint.BEFORE_COMMIT:
            asked.append(point)
            raise BrokerUnavailableError("on demand")

    await memory.publish("e", data={})
    memory.start({"made": succeed_on_loop}, broker=failpoint_broker(memory.broker, refuse_commits))

    await until(lambda: len(asked) > 1)

    assert isinstance(memory.broker, InMemoryBroker)
    assert memory.broker.commits == []


async def test_between_letter_and_mark_the_letter_is_there_and_the_mark_is_not(memory: Rig) -> None:
    assert isinstance(memory.broker, InMemoryBroker)
    broker, inbox = memory.broker, MemoryInbox()
    seen: list[tuple[int, int]] = []

    def look(point: Failpoint) -> None:
        if point is Failpoint.BETWEEN_LETTER_AND_MARK:
            seen.append((len(broker.records(memory.dead_letter_topic)), watched.calls["dead"]))

    watched = FailpointInbox(inbox, look)
    await memory.publish("e", data={})
    memory.start({"made": refuse}, inbox=watched)

    await until(lambda: watched.calls["dead"])

    assert seen == [(1, 0)]
