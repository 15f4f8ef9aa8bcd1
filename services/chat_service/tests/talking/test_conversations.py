"""The list of my conversations, how far I have read, and finding what was said."""

import json
from datetime import timedelta
from typing import Any

import pytest

from chat_service.conversations.exceptions import ConversationUnknown
from chat_service.conversations.rules import last_read_seq, unread
from chat_service.messages.exceptions import UnfitQuery
from chat_service.messages.rules import Wanted
from chat_service.messages.search import TextIndexSearch, search_of
from chat_service.models import ChatMessage, Conversation
from chat_service.repositories import ChatMessageRepository, Place
from chat_service.repositories import conversations as door
from lyceum_contracts import TrainerAllocated
from lyceum_database import Contended

from .school import SKILL, TALK, School, allocated, bodies, caller, moment, moved, outbox, over


def attends(school: School, *courses: str, student: str = "ana", trainer: str = "t1") -> list[Conversation]:
    """Give a student conversations, the last one the last active."""
    for course in courses:
        school.clock.advance(timedelta(seconds=1))  # type: ignore[attr-defined] # it is moved by hand
        who = {"student_id": student, "course_id": course, "allocation_id": f"alloc-{student}-{course}"}
        held = {"epoch": 1, "trainer_id": trainer, "purchase_ids": ("p1",), "allocated_at": moment(1)}
        school.told(TrainerAllocated(**who, **SKILL, **held))
    return [school.conversations.of("default", student, course) for course in courses]  # type: ignore[misc] # they are there


class TestMine:
    def test_the_last_active_comes_first_and_pages_leave_nothing_out(self, school: School) -> None:
        made = [one.id for one in attends(school, "a", "b", "c", "d", "e")]
        said = school.says.send(made[1], caller("t1"), wanted("c1"))
        assert said.is_new

        expected = [made[index] for index in (1, 4, 3, 2, 0)]
        assert [one.id for one in school.talks.mine(caller("ana"))] == expected
        found: list[str] = []
        before = None
        while page := school.talks.mine(caller("ana"), before=before, limit=2):
            found += [one.id for one in page]
            before = Place(page[-1].last_at or moment(0), page[-1].id)
        assert found == expected

    def test_conversations_of_one_moment_are_all_found(self, school: School) -> None:
        made = [one.id for one in attends(school, "a", "b", "c")]
        Conversation.objects.update(last_at=moment(1))

        first = school.talks.mine(caller("ana"), limit=1)[0]
        rest = school.talks.mine(caller("ana"), before=Place(moment(1), first.id))

        assert sorted([first.id, *(one.id for one in rest)]) == sorted(made)

    def test_only_of_the_own_organization(self, school: School) -> None:
        attends(school, "a")

        assert school.talks.mine(caller("ana", "acme")) == []

    def test_those_who_wait_learn_of_a_change_in_one_question(self, school: School) -> None:
        one, two = attends(school, "a", "b")
        before = school.talks.pulses([one.id, two.id, "gone"])
        school.says.send(one.id, caller("ana"), wanted("c1"))
        after = school.talks.pulses([one.id, two.id, "gone"])

        assert set(before) == {one.id, two.id}
        assert after[one.id].last_seq == before[one.id].last_seq + 1
        assert after[two.id] == before[two.id]


def wanted(client_id: str, body: str = "Hello") -> Wanted:
    return Wanted(client_id=client_id, body=body)


class TestReading:
    @pytest.fixture(autouse=True)
    def _opened(self, school: School) -> None:
        school.told(allocated(1, "t1"))
        for number in range(3):
            school.sends("t1", f"c{number}")

    def told(self) -> list[tuple[str, int]]:
        values = [json.loads(entry["value"]) for entry in outbox() if entry["type"] == "CONVERSATION_READ"]
        return [(one["user_id"], one["last_read_seq"]) for one in values]

    def test_goes_forward_only(self, school: School) -> None:
        marks = [last_read_seq(school.reads("ana", seq), "ana") for seq in (2, 1, 3, 3, 0)]

        assert marks == [2, 2, 3, 3, 3]
        assert self.told() == [("ana", 2), ("ana", 3)]

    def test_nobody_has_read_what_is_not_written_yet(self, school: School) -> None:
        school.reads("ana", 10**9)
        school.sends("t1", "late")

        assert unread(school.talk(), "ana") == 1
        assert self.told() == [("ana", 4)]

    def test_sending_reads_ones_own(self, school: School) -> None:
        assert [unread(school.talk(), user) for user in ("ana", "t1")] == [4, 0]
        school.sends("ana")

        assert [unread(school.talk(), user) for user in ("ana", "t1")] == [0, 1]

    def test_whoever_takes_over_has_read_nothing(self, school: School) -> None:
        school.told(moved(2, "t2"))

        assert unread(school.talk(), "t2") == school.talk().last_seq == 5
        assert school.reads("t2", 5).read_seqs == {"ana": 0, "t1": 4, "t2": 5}

    def test_a_hint_that_is_behind_loses_nobody_anything(self, school: School) -> None:
        Conversation.objects.update(last_seq=1)

        assert last_read_seq(school.reads("ana", 3), "ana") == 3
        assert school.sends("ana").message.seq == 5

    def test_too_much_that_waits_is_said_and_not_tried_for_ever(
        self, school: School, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(door, "FULL", 1)
        asked: list[str] = []
        told = school.conversations.told

        def counted(_: object, conversation_id: str) -> Any:
            asked.append(conversation_id)
            return told(conversation_id)

        monkeypatch.setattr(door.ConversationRepository, "told", counted)

        with pytest.raises(Contended):
            school.reads("ana", 4)
        assert len(asked) < 4

    def test_is_still_noted_when_the_conversation_is_closed(self, school: School) -> None:
        school.told(over(1, "t1"))

        assert last_read_seq(school.reads("ana", 5), "ana") == 5


class TestSearch:
    @pytest.fixture(autouse=True)
    def _opened(self, school: School) -> None:
        school.told(allocated(1, "t1"))

    def found(self, school: School, text: str, user: str = "ana", **options: Any) -> list[str]:
        return bodies(school.says.search(caller(user), text, **options))

    @pytest.mark.parametrize(
        ("said", "asked", "is_found"),
        [
            ("Übung über Brüche", "ubung", True),
            ("Übung über Brüche", "BRÜCHE übung", True),
            ("Übung über Brüche", "brü", True),
            ("Übung über Brüche", "bru übung", False),
            ("fractions are fun", "fractions algebra", False),
            ("see p.42 (a+b)^2", "p 42", True),
            ("see p.42 (a+b)^2", "^2 .*", True),
            ("分数の計算", "計算", True),
            ("one", ".", None),
            ("one", "(", None),
        ],
    )
    def test_every_word_has_to_be_there_and_the_last_may_be_begun(
        self, school: School, said: str, asked: str, is_found: bool | None
    ) -> None:
        school.sends("ana", body=said)

        if is_found is None:
            with pytest.raises(UnfitQuery):
                self.found(school, asked)
        else:
            assert self.found(school, asked) == ([said] if is_found else [])

    def test_looks_in_my_conversations_only(self, school: School) -> None:
        other = attends(school, "geometry", student="ben")[0]
        school.says.send(other.id, caller("ben"), wanted("c1", "triangle of ben"))
        school.sends("ana", body="triangle of ana")

        assert self.found(school, "triangle") == ["triangle of ana"]
        assert self.found(school, "triangle", "t1") == ["triangle of ana", "triangle of ben"]
        assert self.found(school, "triangle", "t1", conversation_id=TALK) == ["triangle of ana"]
        school.says.send(other.id, caller("ben"), wanted("c2", "triangle again"))
        assert self.found(school, "triangle", limit=1) == ["triangle of ana"]  # what is not mine takes no room
        with pytest.raises(ConversationUnknown):
            self.found(school, "triangle", conversation_id=other.id)

    def test_finds_what_a_message_says_now(self, school: School) -> None:
        mine = school.sends("ana", body="before").message
        school.edits("ana", mine.id, "after")
        assert (self.found(school, "before"), self.found(school, "after")) == ([], ["after"])

        school.deletes("ana", mine.id)
        assert self.found(school, "after") == []

    def test_pages_leave_nothing_out(self, school: School) -> None:
        for number in range(5):
            school.sends("ana", f"c{number}", body=f"word {number}")

        found: list[ChatMessage] = []
        while page := school.says.search(caller("t1"), "word", limit=2, before_id=found[-1].id if found else None):
            found += page

        assert bodies(found) == [f"word {number}" for number in (4, 3, 2, 1, 0)]

    def test_notices_are_not_found(self, school: School) -> None:
        assert self.found(school, "conversation open") == []

    def test_what_is_handed_over_while_it_is_searched_is_not_shown(self, school: School) -> None:
        school.sends("ana", body="word")
        search = school.says._search.find

        def slow(*args: Any, **options: Any) -> list[ChatMessage]:
            found = search(*args, **options)
            school.told(moved(2, "t2"))
            return found

        school.says._search.find = slow  # type: ignore[method-assign] # stands in for a slow database
        assert self.found(school, "word", "t1") == []

    def test_the_text_index_is_asked_for_every_word(self, monkeypatch: pytest.MonkeyPatch) -> None:
        messages = ChatMessageRepository()
        asked: list[dict[str, Any]] = []
        monkeypatch.setattr(messages, "matching", lambda condition, **_: asked.append(condition))

        search = search_of("text", messages)
        assert isinstance(search, TextIndexSearch)
        search.find(["a"], ["one", "two"], before_id=None, limit=5)

        assert asked == [{"conversation_id": {"$in": ["a"]}, "$text": {"$search": '"one" "two"'}}]
