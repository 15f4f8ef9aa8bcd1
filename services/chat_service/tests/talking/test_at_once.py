"""Many at once, with real threads, on the embedded server and on a real one: the promises of the domain hold there."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest

from chat_service.conversations.exceptions import ConversationClosed, ConversationUnknown
from chat_service.conversations.rules import unread
from chat_service.messages.exceptions import MessageUnknown
from chat_service.models import ChatMessage
from lyceum_contracts import Event
from lyceum_database import utc_now

from .school import TALK, School, allocated, bodies, caller, moved, over
from .watcher import Watcher

pytestmark = pytest.mark.usefixtures("database")

EVERYBODY = 8


def later() -> datetime:
    """A clock an hour ahead: whatever is due within that is due."""
    return utc_now() + timedelta(hours=1)


def at_once(*works: Callable[[], object]) -> list[object]:
    """Let all begin at one moment; returns what each of them answered."""
    start = Barrier(len(works))

    def begin(work: Callable[[], object]) -> object:
        start.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(begin, works))


def finished() -> Watcher:
    """Sweep up, and check that nothing is left over and everything was told in order."""
    for _ in range(2):
        School(clock=later).sweeps()
    watcher = Watcher(later)
    watcher.at_rest()
    return watcher


def test_two_devices_and_two_processes_send_and_send_again() -> None:
    schools = [School(clock=utc_now), School(clock=utc_now)]
    schools[0].told(allocated(1, "t1"))

    def device(number: int) -> Callable[[], list[tuple[str, int]]]:
        user, school = ("ana", "t1")[number % 2], schools[number // 2 % 2]

        def send() -> list[tuple[str, int]]:
            sent = [school.sends(user, f"c{turn}", body=f"{user} {turn}").message for turn in (0, 1, 0, 2)]
            return [(one.id, one.seq) for one in sent]

        return send

    answers = at_once(*(device(number) for number in range(EVERYBODY)))

    assert len({str(answer) for answer in answers}) == 2  # all devices of one person have the same answers
    assert [one.seq for one in schools[0].sees("ana")] == list(range(1, 8))
    finished()


def test_a_trainer_is_replaced_while_everybody_writes_and_reads() -> None:
    school = School(clock=utc_now)
    school.told(allocated(1, "t1"))

    def writes(user: str) -> None:
        for turn in range(5):
            try:
                one = school.sends(user, f"c{turn}").message
                school.edits(user, one.id, f"edited {turn}")
                school.reads(user, one.seq)
            except (ConversationUnknown, ConversationClosed, MessageUnknown):
                return

    at_once(
        lambda: writes("ana"),
        lambda: writes("ana"),
        lambda: writes("t1"),
        lambda: school.told(moved(2, "t2"), allocated(1, "t1")),
        lambda: school.told(allocated(1, "t1"), moved(2, "t2")),
    )

    finished()
    assert [one.user_id for one in school.talk().members if one.left_at is None] == ["ana", "t2"]
    assert [one.notice for one in school.sees("t2") if one.kind == "system"] == ["opened", "handed_over"]


@pytest.mark.parametrize(
    ("last", "end"),
    [(over(3, "t3"), (3, "t3", "read_only")), (allocated(4, "t1"), (4, "t1", "open"))],
    ids=["closed", "open"],
)
def test_whoever_hears_of_it_first_the_end_is_the_same(last: Event, end: tuple[int, str, str]) -> None:
    told = [allocated(1, "t1"), over(1, "t1"), allocated(2, "t2"), moved(3, "t3"), last]
    schools = [School(clock=utc_now) for _ in range(3)]

    at_once(
        lambda: schools[0].told(*told),
        lambda: schools[1].told(*reversed(told)),
        lambda: schools[2].told(*told[::2], *told[1::2]),
    )

    talk = schools[0].talk()
    assert [(one.epoch, one.user_id) for one in talk.members][1:4] == [(1, "t1"), (2, "t2"), (3, "t3")]
    assert (talk.members[-1].epoch, talk.trainer_id, talk.status) == end
    finished()


def test_marks_go_forward_on_every_device() -> None:
    school = School(clock=utc_now)
    school.told(allocated(1, "t1"))
    for number in range(6):
        school.sends("t1", f"c{number}")

    at_once(*(lambda seq=seq: school.reads("ana", seq) for seq in (7, 3, 1, 5, 7, 2)))

    assert unread(school.talk(), "ana") == 0
    finished()


def test_lists_and_search_are_the_same_on_every_engine() -> None:
    school = School(clock=utc_now)
    school.told(allocated(1, "t1"))
    for number in range(3):
        school.sends("ana", f"c{number}", body=f"Brüche und Zahlen {number}")
    edited = school.sees("ana")[1]
    school.edits("ana", edited.id, "nothing")

    assert [one.id for one in school.talks.mine(caller("ana"))] == [TALK]
    assert bodies(school.says.search(caller("t1"), "zahlen bru")) == ["Brüche und Zahlen 2", "Brüche und Zahlen 1"]
    assert school.talks.pulses([TALK])[TALK].last_seq == ChatMessage.objects.count() == 4
    finished()
