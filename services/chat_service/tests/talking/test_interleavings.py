"""Two at work, held at calls to the database while a third one goes on: nobody breaks a promise."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from random import Random

import pytest

from chat_service.conversations.exceptions import ConversationClosed, ConversationUnknown
from chat_service.messages.exceptions import MessageGone
from chat_service.models import ChatMessage
from chat_service.talking import MODELS
from lyceum_database.testing import ManualClock
from lyceum_database.testing.stepping import Process, stepped_database

from .school import School, allocated, moved, over
from .watcher import Watcher

Act = Callable[[School], object]
REFUSALS = (ConversationClosed, ConversationUnknown, MessageGone)
SAMPLES = 15
MOST_CALLS = 9
"""Calls to the database that the longest of these makes before its last write, and more."""


def first() -> str:
    return str(ChatMessage.objects.get(client_id="first").id)


SCENES: dict[str, Sequence[Act]] = {
    "three send": [
        lambda school: school.sends("ana", "a"),
        lambda school: school.sends("t1", "b"),
        lambda school: school.sends("ana", "c"),
    ],
    "two devices send the same": [
        lambda school: school.sends("ana", "a"),
        lambda school: school.sends("ana", "a"),
        lambda school: school.sends("t1", "b"),
    ],
    "the trainer writes while he is replaced, and his successor begins": [
        lambda school: school.sends("t1", "a"),
        lambda school: school.told(moved(2, "t2")),
        lambda school: school.sends("t2", "b"),
    ],
    "it is closed and opened while the student writes": [
        lambda school: school.told(over(1, "t1")),
        lambda school: school.told(allocated(2, "t2")),
        lambda school: school.sends("ana", "a"),
    ],
    "three hear of three epochs": [
        lambda school: school.told(moved(2, "t2")),
        lambda school: school.told(moved(3, "t3")),
        lambda school: school.told(over(1, "t1")),
    ],
    "two edit and one deletes": [
        lambda school: school.edits("ana", first(), "x"),
        lambda school: school.edits("ana", first(), "y"),
        lambda school: school.deletes("ana", first()),
    ],
    "an edit is carried by two and a sweep": [
        lambda school: school.edits("ana", first(), "x"),
        lambda school: school.edits("ana", first(), "z"),
        lambda school: school.sweeps(),
    ],
    "two devices read while somebody writes": [
        lambda school: school.reads("ana", 3),
        lambda school: school.reads("ana", 9),
        lambda school: school.sends("t1", "a"),
    ],
}


@pytest.mark.parametrize("scene", SCENES)
def test_wherever_two_of_three_are_held(scene: str) -> None:
    draw = Random(scene)
    for _ in range(SAMPLES):
        order = draw.sample(range(3), 3)
        held(
            SCENES[scene],
            [(order[0], draw.randrange(MOST_CALLS)), (order[1], draw.randrange(MOST_CALLS)), (order[2], None)],
        )


def test_nobody_writes_behind_the_notice_that_he_is_replaced() -> None:
    """He loses his number to the student, is held again, and is replaced before he has another one."""
    acts: Sequence[Act] = (
        lambda school: school.sends("t1", "a"),
        lambda school: school.sends("ana", "b"),
        lambda school: school.told(moved(2, "t2")),
    )
    for before, after in product(range(1, 4), range(1, 8)):
        held(acts, [(0, before), (1, None), (0, after), (2, None)])


def test_nobody_writes_before_the_notice_that_let_him() -> None:
    """Whoever hears of it is held, at each of his calls."""
    acts: Sequence[Act] = (lambda school: school.told(moved(2, "t2")), lambda school: school.sends("t2", "b"))
    for calls in range(MOST_CALLS):
        held(acts, [(0, calls), (1, None)])


def held(acts: Sequence[Act], plan: Sequence[tuple[int, int | None]]) -> None:
    """Let those at work make so many calls, one after the other as planned, then all the rest."""
    with stepped_database(MODELS):
        clock = ManualClock()
        schools = [School(clock=clock) for _ in acts]
        watcher = Watcher(clock)
        schools[0].told(allocated(1, "t1"))
        schools[0].sends("ana", "first")
        works = [partial(act, school) for act, school in zip(acts, schools, strict=True)]
        processes = [Process(work, gives_up=REFUSALS) for work in works]
        for index, calls in [*plan, *((index, None) for index, _ in plan)]:
            processes[index].steps(calls)
            watcher.look()
        assert not [process.failures for process in processes if process.failures]
        for _ in range(2):
            schools[0].sweeps()
        watcher.at_rest()
