"""Those who wait are woken by what concerns them, hold no thread, and are let go when the process ends."""

import asyncio
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from chat_service.repositories import Pulse
from chat_service.waits import AT_ONCE, Found, TooManyWaits, Waits, WaitsFull

LONG_S = 60.0
PATIENCE_S = 10.0


class Conversations:
    """A database of numbers of last messages and of versions; notes each question."""

    def __init__(self) -> None:
        self.pulses: dict[str, Pulse] = {}
        self.asked: list[int] = []

    def __call__(self, ids: Sequence[str]) -> Mapping[str, Pulse]:
        self.asked.append(len(ids))
        return {one: self.pulses[one] for one in ids if one in self.pulses}

    def send(self, conversation_id: str = "c1") -> None:
        last, version = self.pulses.get(conversation_id, Pulse(0, 1))
        self.pulses[conversation_id] = Pulse(last + 1, version)


class Reader:
    """Reads what is after a number, and notes how often it looked."""

    def __init__(self, stored: Conversations, conversation_id: str = "c1", after: int = 0) -> None:
        self.stored = stored
        self.conversation_id = conversation_id
        self.after = after
        self.looks = 0
        self.refusal: Exception | None = None

    async def look(self) -> Found[list[int]]:
        self.looks += 1
        if self.refusal is not None:
            raise self.refusal
        last, version = self.stored.pulses.get(self.conversation_id, Pulse(0, 1))
        new = list(range(self.after + 1, last + 1))
        return Found(new, bool(new), Pulse(self.after, version))

    def wait(
        self, waits: Waits, *, user_id: str = "ada", seconds: float = LONG_S, hung_up: Any = None
    ) -> "asyncio.Task[Found[list[int]]]":
        return asyncio.ensure_future(
            waits.until_found(
                self.look,
                conversation_id=self.conversation_id,
                user_id=user_id,
                seconds=seconds,
                hung_up=hung_up or asyncio.Event().wait,
            )
        )

    async def looked(self, times: int = 1) -> None:
        async with asyncio.timeout(10):
            while self.looks < times:  # noqa: ASYNC110 - each turn of the loop is one more look
                await asyncio.sleep(0)
        await asyncio.sleep(0)


@pytest.fixture
def stored() -> Conversations:
    return Conversations()


async def within(task: "asyncio.Task[Found[list[int]]]") -> list[int]:
    return (await asyncio.wait_for(task, PATIENCE_S)).answer


async def test_what_is_there_already_is_not_waited_for(stored: Conversations) -> None:
    waits = Waits(stored)
    stored.send()
    with waits.open():
        assert await within(Reader(stored).wait(waits)) == [1]
    assert waits.count == 0


async def test_a_change_of_this_process_wakes_at_once_from_any_thread(stored: Conversations) -> None:
    waits, reader = Waits(stored), Reader(stored)
    with waits.open():
        waiting = reader.wait(waits)
        await reader.looked()
        stored.send()
        began = time.monotonic()
        threading.Timer(0.05, waits.tell, ("c1",)).start()  # while the loop sleeps: nothing else wakes it

        assert await within(waiting) == [1]
        assert time.monotonic() - began < PATIENCE_S / 2
    assert stored.asked == [], "the database was not asked about others"


async def test_a_change_between_the_look_and_the_rest_is_not_missed(stored: Conversations) -> None:
    waits, reader = Waits(stored), Reader(stored)
    plain = reader.look

    async def look() -> Found[list[int]]:
        found = await plain()
        if reader.looks == 1:
            stored.send()
            waits.tell("c1")
            await asyncio.sleep(0)
        return found

    reader.look = look  # type: ignore[method-assign] # the test's own moment
    with waits.open():
        assert await within(reader.wait(waits)) == [1]


async def test_a_change_of_another_process_is_found_by_the_next_look(stored: Conversations) -> None:
    waits, reader = Waits(stored), Reader(stored)
    with waits.open():
        waiting = reader.wait(waits)
        await reader.looked()
        stored.send()
        await asyncio.to_thread(waits.look)

        assert await within(waiting) == [1]


async def test_a_change_of_members_calls_for_another_look_though_nothing_was_said(stored: Conversations) -> None:
    waits, reader = Waits(stored), Reader(stored)
    stored.pulses["c1"] = Pulse(0, 1)
    with waits.open():
        waiting = reader.wait(waits)
        await reader.looked()
        stored.pulses["c1"] = Pulse(0, 2)
        await asyncio.to_thread(waits.look)

        await reader.looked(2)
        waiting.cancel()


async def test_what_does_not_concern_a_reader_leaves_them_alone(stored: Conversations) -> None:
    waits, reader = Waits(stored), Reader(stored, after=1)
    stored.send()
    with waits.open():
        waiting = reader.wait(waits)
        await reader.looked()
        stored.send("c2")
        for _ in range(5):
            await asyncio.to_thread(waits.look)
            waits.tell("c2")
            await asyncio.sleep(0.01)

        assert reader.looks == 1
        waiting.cancel()


async def test_the_time_that_is_over_ends_with_one_last_look(stored: Conversations) -> None:
    waits, reader = Waits(stored), Reader(stored)
    with waits.open():
        waiting = reader.wait(waits, seconds=0.05)
        await reader.looked()
        stored.send()  # by a process that died before it could raise the number that others look at

        assert await within(waiting) == [1]
        assert await within(Reader(stored, "c2").wait(waits, seconds=0.01)) == []
    assert waits.count == 0


async def test_whoever_may_not_look_any_more_is_told_so_with_the_next_change(stored: Conversations) -> None:
    waits, reader = Waits(stored), Reader(stored)
    with waits.open():
        waiting = reader.wait(waits)
        await reader.looked()
        reader.refusal = PermissionError()
        waits.tell("c1")

        with pytest.raises(PermissionError):
            await within(waiting)
    assert waits.count == 0


async def test_the_end_of_the_process_lets_everybody_go_and_nobody_wait_again(stored: Conversations) -> None:
    waits, reader = Waits(stored), Reader(stored)
    with waits.open():
        waiting = reader.wait(waits)
        await reader.looked()
        waits.end()

        assert await within(waiting) == []
        assert await within(Reader(stored).wait(waits)) == []


async def test_who_hangs_up_makes_room(stored: Conversations) -> None:
    waits, reader = Waits(stored, most=1), Reader(stored)
    gone = asyncio.Event()

    async def hung_up() -> None:
        await gone.wait()
        raise ConnectionResetError

    with waits.open():
        waiting = reader.wait(waits, hung_up=hung_up)
        await reader.looked()
        gone.set()
        with pytest.raises(ConnectionResetError):
            await within(waiting)

        assert waits.count == 0
        assert await within(Reader(stored).wait(waits, seconds=0.01)) == []


async def test_one_person_may_wait_in_some_places_and_all_together_in_some_more(stored: Conversations) -> None:
    waits = Waits(stored, per_user=2, most=3)
    with waits.open():
        readers = [Reader(stored, f"c{number}") for number in range(3)]
        waiting = [
            reader.wait(waits, user_id=user) for reader, user in zip(readers, ("ada", "ada", "eve"), strict=True)
        ]
        for reader in readers:
            await reader.looked()

        with pytest.raises(TooManyWaits, match="2 requests of yours wait already"):
            await within(Reader(stored).wait(waits, user_id="ada"))
        with pytest.raises(WaitsFull):
            await within(Reader(stored).wait(waits, user_id="tom"))
        assert (waits.count, waits.refused_users, waits.refused_full) == (3, 1, 1)

        waits.end()
        await asyncio.gather(*waiting)
    assert waits.count == 0


async def test_a_thousand_who_wait_hold_no_thread_and_cost_one_question_at_a_time(stored: Conversations) -> None:
    waits = Waits(stored, per_user=10_000, most=10_000)
    with waits.open():
        await asyncio.to_thread(threading.active_count)  # the pool's first thread, for the looks below
        before = threading.active_count()
        readers = [Reader(stored, f"c{number}") for number in range(1000)]
        waiting = [reader.wait(waits) for reader in readers]
        for reader in readers:
            await reader.looked()

        assert threading.active_count() == before
        await asyncio.to_thread(waits.look)
        assert stored.asked == [AT_ONCE, AT_ONCE]

        stored.send("c7")
        await asyncio.to_thread(waits.look)
        assert await within(waiting[7]) == [1]
        assert waits.count == 999
        waits.end()
        await asyncio.gather(*waiting)


async def test_nobody_who_waits_is_no_question(stored: Conversations) -> None:
    waits = Waits(stored)
    with waits.open():
        await asyncio.to_thread(waits.look)

    assert stored.asked == []


def test_what_is_told_after_the_loop_has_ended_is_nobodys_error(stored: Conversations) -> None:
    waits = Waits(stored)

    async def leave_without_a_word() -> None:
        waiting = Reader(stored).wait(waits)
        opened = waits.open()
        opened.__enter__()
        await asyncio.sleep(0)
        waiting.cancel()

    asyncio.run(leave_without_a_word())
    waits._waiting["c1"] = set()

    waits.tell("c1")
