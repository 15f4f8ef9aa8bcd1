"""What happens in a conversation leaves in order, and whoever dies on the way keeps nothing from the world."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chat_service.models import ChatMessage, Conversation
from chat_service.repositories import ChatMessageRepository
from chat_service.repositories import conversations as door
from chat_service.talking import MODELS
from keylane.mongo.outbox_documents import OutboxDocuments
from lyceum_database.testing import ManualClock
from lyceum_database.testing.stepping import dies_after, stepped_database

from .school import TALK, School, allocated, moved, outbox, over


@pytest.fixture
def stepped() -> Iterator[School]:
    with stepped_database(MODELS):
        yield School(clock=ManualClock())


def told() -> list[str]:
    """The events in the outbox, each in a word."""
    return [in_a_word(entry["type"], json.loads(entry["value"])) for entry in outbox()]


def in_a_word(kind: str, said: dict[str, object]) -> str:
    number = said.get("seq", said.get("last_read_seq"))
    return f"{kind.split('_')[1].lower()} {number}"


ACTS: dict[str, tuple[Callable[[School], object], list[str]]] = {
    "opens": (lambda school: school.told(allocated(1, "t1")), ["sent 1"]),
    "sends": (lambda school: school.sends("ana", "new"), ["sent 4"]),
    "edits": (lambda school: school.edits("ana", the(2).id, "edited"), ["edited 2"]),
    "deletes": (lambda school: school.deletes("ana", the(2).id), ["deleted 2"]),
    "reads": (lambda school: school.reads("ana", 3), ["read 3"]),
    "hands over": (lambda school: school.told(moved(2, "t2")), ["sent 4"]),
    "closes": (lambda school: school.told(over(1, "t1")), ["sent 4"]),
}


def the(seq: int) -> ChatMessage:
    found = ChatMessage.objects.get(seq=seq)
    assert isinstance(found, ChatMessage)
    return found


@pytest.mark.parametrize("act", ACTS)
def test_whoever_dies_at_whichever_call_what_he_wrote_is_told_without_him(act: str) -> None:
    work, expected = ACTS[act]
    for school, before in dying(act):
        has_written = told() != before or unfinished()

        school.sweeps()
        school.sweeps()

        assert told() == before + (expected if has_written else [])
        work(school)
        assert told() == before + expected
        at_rest(school)


@pytest.mark.parametrize("act", ACTS)
def test_whoever_dies_at_whichever_call_and_does_it_again_has_done_it_once(act: str) -> None:
    work, expected = ACTS[act]
    for school, before in dying(act):
        work(school)
        at_rest(school)

        assert told() == before + expected


def dying(act: str) -> Iterator[tuple[School, list[str]]]:
    """One database after the other, in which somebody died one call later."""
    died, calls = True, 0
    while died:
        with stepped_database(MODELS):
            school = School(clock=ManualClock())
            before = [] if act == "opens" else prepare(school)
            died = dies_after(calls, lambda school=school: ACTS[act][0](school))  # type: ignore[misc] # it is bound
            yield school, before
        calls += 1
    assert calls > 3


def unfinished() -> bool:
    return bool(ChatMessage.objects(events_due__exists=True) or Conversation.objects(notices_due__exists=True))


def at_rest(school: School) -> None:
    school.sweeps()
    school.sweeps()  # what a notice says is a message too
    assert not unfinished()
    assert school.talk().last_seq == school.talk().told_seq == ChatMessage.objects.count()


def prepare(school: School) -> list[str]:
    school.told(allocated(1, "t1"))
    school.sends("ana", "c2")
    school.sends("t1", "c3")
    school.sweeps()
    return told()


def test_a_message_whose_sender_died_is_told_before_the_next_one(stepped: School) -> None:
    prepare(stepped)
    assert dies_after(2, lambda: stepped.sends("ana", "lost"))
    assert (stepped.talk().last_seq, stepped.messages.last_seq(TALK)) == (3, 4)

    stepped.sends("t1", "next")

    assert told() == ["sent 1", "sent 2", "sent 3", "sent 4", "sent 5"]
    assert stepped.talk().read_seqs == {"ana": 4, "t1": 5}


def test_a_number_that_a_scan_has_missed_is_waited_for(stepped: School, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two were stored while the database went through the numbers: it shows the later one only."""
    prepare(stepped)
    for seq in (4, 5):
        calls = 0
        while not ChatMessage.objects(seq=seq):
            dies_after(calls, partial(stepped.sends, "ana", f"lost-{seq}"))
            calls += 1
    after = ChatMessageRepository.after

    def missing(self: ChatMessageRepository, *args: Any, **options: Any) -> list[ChatMessage]:
        return [one for one in after(self, *args, **options) if one.seq != 4]

    with monkeypatch.context() as patched:
        patched.setattr(ChatMessageRepository, "after", missing)
        stepped.sweeps()
        assert told()[3:] == []
    stepped.sweeps()

    assert told()[3:] == ["sent 4", "sent 5"]


def test_an_edit_is_told_behind_that_its_message_was_sent(stepped: School) -> None:
    prepare(stepped)
    assert dies_after(2, lambda: stepped.sends("ana", "lost"))

    stepped.edits("ana", the(4).id, "edited")

    assert told()[3:] == ["sent 4", "edited 4"]


def test_that_something_was_read_is_told_behind_that_it_was_sent(stepped: School) -> None:
    prepare(stepped)
    assert dies_after(2, lambda: stepped.sends("ana", "lost"))

    stepped.reads("t1", 4)

    assert told()[3:] == ["sent 4", "read 4"]


def test_what_was_done_to_a_message_is_told_in_order_when_the_first_one_died(stepped: School) -> None:
    prepare(stepped)
    calls = 0
    while not ChatMessage.objects(seq=2, events__0__exists=True):
        dies_after(calls, lambda: stepped.edits("ana", the(2).id, "edited"))
        calls += 1

    stepped.deletes("ana", the(2).id)

    assert told()[3:] == ["edited 2", "deleted 2"]


def test_what_was_carried_is_not_carried_again_by_those_who_did_not_know(school: School) -> None:
    prepare(school)
    school.edits("ana", the(2).id, "edited")
    entry = outbox()[-1]
    relayed(school)
    ChatMessage.objects(seq=2).update_one(push__events=entry, set__events_due=school.clock())

    school.sweeps()

    assert told() == []
    assert not list(ChatMessage.objects(events_due__exists=True))


def relayed(school: School) -> list[str]:
    """Take what a relay would publish, as it does."""
    documents = OutboxDocuments(Conversation._get_collection(), lease=timedelta(seconds=30), clock=school.clock)
    found: list[str] = []
    for document in documents.take_due(10, frozenset()):
        found += [in_a_word(entry["type"], json.loads(entry["value"])) for entry in document["outbox"]]
        documents.remove(document["_id"], [entry["id"] for entry in document["outbox"]])
    return found


def test_with_kafka_away_the_document_does_not_outgrow_its_room_and_nothing_is_lost(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "FULL", 4)
    prepare(school)
    for number in range(6):
        school.sends("ana", f"more-{number}")
    school.edits("ana", the(2).id, "edited")
    school.sweeps()
    assert len(outbox()) == 4
    assert school.talk().last_seq == 9  # the members see that there is more, and those who wait are woken

    left: list[str] = []
    for _ in range(10):
        left += relayed(school)
        school.sweeps()

    assert [one for one in left if one.startswith("sent")] == [f"sent {seq}" for seq in range(1, 10)]
    assert left.index("edited 2") > left.index("sent 2")
    assert len(left) == 10
    assert not list(ChatMessage.objects(events_due__exists=True))


def test_an_event_says_who_when_and_where_and_its_id_is_the_same_for_ever(school: School) -> None:
    school.told(allocated(1, "t1"))
    first = outbox()[0]

    assert first["topic"] == "chat"
    assert first["key"] == TALK
    assert first["headers"]["ce_source"] == "/chat-service"
    assert re.fullmatch(r"[0-9a-f-]{36}", first["id"])
    assert first["headers"]["ce_id"] == first["id"]


def test_clearing_away_costs_the_same_however_much_there_is(stepped: School) -> None:
    prepare(stepped)
    for number in range(30):
        stepped.sends("ana", f"more-{number}")
    stepped.clock.advance(timedelta(minutes=1))  # type: ignore[attr-defined] # it is moved by hand

    assert not dies_after(5, stepped.chat.sweepers[0]._step)

    assert not unfinished()


def test_messages_of_a_conversation_that_is_gone_do_not_stop_the_sweep(school: School) -> None:
    prepare(school)
    school.sends("ana", "c9")
    Conversation.objects.delete()

    school.sweeps()

    assert not list(ChatMessage.objects(events_due__exists=True))
