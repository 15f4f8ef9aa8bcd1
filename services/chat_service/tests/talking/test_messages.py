"""What members may say, change and take back, and what becomes of it."""

import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chat_service.conversations.exceptions import ConversationClosed, ConversationUnknown
from chat_service.messages import rules
from chat_service.messages.events import PREVIEW, preview
from chat_service.messages.exceptions import (
    ClientIdReused,
    MessageGone,
    MessageUnknown,
    NotYours,
    StaleMessage,
    TooLateToEdit,
    TooManyEdits,
    UnfitMessage,
)
from chat_service.models import ChatMessage
from chat_service.models.chat_message import LONGEST_BODY, MOST_EDITS

from .school import School, allocated, bodies, caller, moved, outbox, over


@pytest.fixture(autouse=True)
def _opened(school: School) -> None:
    school.told(allocated(1, "t1"))


def told(kind: str) -> list[dict[str, Any]]:
    return [json.loads(entry["value"]) for entry in outbox() if entry["type"] == kind]


class TestSending:
    def test_members_talk_and_the_others_are_told(self, school: School) -> None:
        first = school.sends("ana", body="  Hello\n you ")
        school.sends("t1", body="Hi", reply_to=first.message.id)

        assert [(one.seq, one.sender_id, one.body) for one in school.sees("t1")[1:]] == [
            (2, "ana", "  Hello\n you "),
            (3, "t1", "Hi"),
        ]
        last = told("MESSAGE_SENT")
        assert [(one["seq"], one["sender_id"], one["recipient_ids"], one["preview"]) for one in last[1:]] == [
            (2, "ana", ["t1"], "Hello you"),
            (3, "t1", ["ana"], "Hi"),
        ]
        assert (last[0]["kind"], last[0]["recipient_ids"]) == ("system", ["ana", "t1"])

    @pytest.mark.parametrize("meanwhile", ["nothing", "more", "an edit", "a deletion", "the end"])
    def test_the_same_again_is_the_first_message_whatever_happened_meanwhile(
        self, school: School, meanwhile: str
    ) -> None:
        first = school.sends("ana").message
        if meanwhile == "more":
            school.sends("t1")
        if meanwhile == "an edit":
            school.edits("ana", first.id, "Hi")
        if meanwhile == "a deletion":
            school.deletes("ana", first.id)
        if meanwhile == "the end":
            school.told(over(1, "t1"))
        count = len(school.sees("ana"))

        again = school.sends("ana")

        assert (again.message.id, again.message.seq, again.is_new) == (first.id, first.seq, False)
        assert len(school.sees("ana")) == count

    @pytest.mark.parametrize("changed", [{"body": "Bye"}, {"reply_to": "it"}])
    def test_another_message_under_the_same_id_is_refused_for_ever(
        self, school: School, changed: dict[str, Any]
    ) -> None:
        first = school.sends("ana").message
        wanted: dict[str, Any] = {key: first.id if value == "it" else value for key, value in changed.items()}
        for meanwhile in range(3):
            if meanwhile == 1:
                school.edits("ana", first.id, "Bye")
            if meanwhile == 2:
                school.told(over(1, "t1"))

            with pytest.raises(ClientIdReused) as raised:
                school.sends("ana", **wanted)

            assert raised.value.message_id == first.id

    def test_two_people_may_choose_the_same_id(self, school: School) -> None:
        assert school.sends("ana").is_new
        assert school.sends("t1", body="Hi").is_new

    def test_strangers_find_nothing(self, school: School) -> None:
        message = school.sends("ana").message
        for who in (caller("eve"), caller("ana", "acme")):
            for forbidden in (
                lambda who=who: school.says.send(message.conversation_id, who, rules.Wanted(client_id="c", body="x")),
                lambda who=who: school.says.history(message.conversation_id, who),
                lambda who=who: school.talks.get(message.conversation_id, who),
                lambda who=who: school.talks.read(message.conversation_id, who, 1),
                lambda who=who: school.says.search(who, "hello", conversation_id=message.conversation_id),
            ):
                with pytest.raises(ConversationUnknown):
                    forbidden()
            for hidden in (school.says.get, partial(school.says.edit, body="x"), school.says.delete):
                with pytest.raises(MessageUnknown):
                    hidden(message.id, who)
            assert school.talks.mine(who) == []
            assert school.says.search(who, "hello") == []

    def test_nobody_writes_in_what_is_closed_and_both_read_it(self, school: School) -> None:
        mine = school.sends("ana").message
        school.told(over(1, "t1"))

        for forbidden in (
            lambda: school.sends("ana", "c2"),
            lambda: school.sends("t1", "c2"),
            lambda: school.edits("ana", mine.id, "Bye"),
            lambda: school.deletes("ana", mine.id),
        ):
            with pytest.raises(ConversationClosed):
                forbidden()
        assert bodies(school.sees("t1")) == bodies(school.sees("ana"))
        assert school.reads("t1", 3).read_seqs["t1"] == 3

    @pytest.mark.parametrize(
        ("field", "wanted"),
        [
            ("client_id", {"client_id": "c 1"}),
            ("client_id", {"client_id": ""}),
            ("body", {"body": " \n"}),
            ("body", {"body": "x" * (LONGEST_BODY + 1)}),
            ("body", {"body": "\ud83d"}),
            ("reply_to", {"reply_to": "no id"}),
            ("reply_to", {"reply_to": "nobody"}),
        ],
    )
    def test_what_cannot_be_said_is_named(self, school: School, field: str, wanted: dict[str, Any]) -> None:
        with pytest.raises(UnfitMessage) as raised:
            school.sends("ana", **wanted)

        assert raised.value.field == field
        assert len(school.sees("ana")) == 1

    def test_a_reply_answers_a_message_of_the_same_conversation(self, school: School) -> None:
        elsewhere = ChatMessage(id="m9", conversation_id="other", sender_id="x", client_id="c", body="x", seq=1)
        school.messages.insert(elsewhere)

        with pytest.raises(UnfitMessage):
            school.sends("ana", reply_to="m9")

    def test_the_longest_message_is_sent(self, school: School) -> None:
        assert school.sends("ana", body="🙂" * LONGEST_BODY).is_new

    def test_whoever_may_write_can_still_be_held_up_and_strangers_are_not_counted(self) -> None:
        class TooMuchError(Exception):
            pass

        asked = []

        def admit(who: object, conversation_id: str) -> None:
            asked.append((who, conversation_id))
            if len(asked) > 1:
                raise TooMuchError

        school = School(options={"admit": admit})
        with pytest.raises(ConversationUnknown):
            school.sends("eve")
        mine = school.sends("ana").message
        with pytest.raises(TooMuchError):
            school.sends("ana", "c2")
        with pytest.raises(TooMuchError):
            school.edits("ana", mine.id, "x")

        assert {who for who, _ in asked} == {caller("ana")}
        assert bodies(school.sees("ana"))[1:] == ["Hello"]


class TestHistory:
    def test_is_read_from_both_sides(self, school: School) -> None:
        for number in range(4):
            school.sends("ana", f"c{number}", body=str(number))

        assert [one.seq for one in school.sees("t1", after_seq=2, limit=2)] == [3, 4]
        assert [one.seq for one in school.sees("t1", after_seq=None, before_seq=3)] == [2, 1]
        assert [one.seq for one in school.sees("t1", after_seq=None, limit=2)] == [5, 4]

    def test_what_is_said_after_a_trainer_left_never_reaches_him(self, school: School) -> None:
        """He asks, and while the messages are read for him the conversation is handed over."""
        read = school.says._messages.after

        def slow(*args: Any, **options: Any) -> list[ChatMessage]:
            school.told(moved(2, "t2"))
            school.sends("ana", body="about t1")
            return read(*args, **options)

        school.says._messages.after = slow  # type: ignore[method-assign] # stands in for a slow database
        with pytest.raises(ConversationUnknown):
            school.sees("t1")


class TestEditing:
    def test_earlier_wordings_are_kept_and_the_others_are_told(self, school: School) -> None:
        mine = school.sends("ana", body="1").message
        for body in ("2", "3", "3"):
            edited = school.edits("ana", mine.id, body)

        assert (edited.body, [one.body for one in edited.edits], edited.status) == ("3", ["1", "2"], "edited")
        assert edited.version == 3
        assert [(one["preview"], one["edits"], one["seq"]) for one in told("MESSAGE_EDITED")] == [
            ("2", 1, 2),
            ("3", 2, 2),
        ]
        assert school.sends("ana", body="1").message.id == mine.id

    def test_only_for_fifteen_minutes(self, school: School) -> None:
        mine = school.sends("ana").message
        school.clock.advance(rules.EDITABLE)  # type: ignore[attr-defined] # it is moved by hand
        school.edits("ana", mine.id, "in time")
        school.clock.advance(timedelta(milliseconds=1))  # type: ignore[attr-defined] # it is moved by hand

        with pytest.raises(TooLateToEdit):
            school.edits("ana", mine.id, "too late")
        assert school.edits("ana", mine.id, "in time").body == "in time"
        assert school.deletes("ana", mine.id).status == "deleted"

    def test_not_for_ever(self, school: School) -> None:
        mine = school.sends("ana").message
        for number in range(MOST_EDITS):
            school.edits("ana", mine.id, str(number))

        with pytest.raises(TooManyEdits):
            school.edits("ana", mine.id, "once more")

    def test_nobody_changes_what_another_one_said_or_the_platform(self, school: School) -> None:
        mine = school.sends("ana").message
        notice = school.sees("ana")[0]

        for message_id in (mine.id, notice.id):
            for forbidden in (school.edits, school.deletes):
                with pytest.raises(NotYours):
                    forbidden("t1", message_id, *(["x"] if forbidden == school.edits else []))

    def test_of_what_the_caller_has_not_read_is_refused(self, school: School) -> None:
        mine = school.sends("ana").message
        school.edits("ana", mine.id, "2", expected_version=1)

        with pytest.raises(StaleMessage) as raised:
            school.edits("ana", mine.id, "3", expected_version=1)
        with pytest.raises(StaleMessage):
            school.deletes("ana", mine.id, expected_version=1)

        assert raised.value.version == 2
        assert school.edits("ana", mine.id, "2", expected_version=1).version == 2

    def test_into_nothing_is_refused(self, school: School) -> None:
        with pytest.raises(UnfitMessage):
            school.edits("ana", school.sends("ana").message.id, " ")


class TestDeleting:
    def test_leaves_the_number_and_nothing_of_what_was_said(self, school: School) -> None:
        mine = school.sends("ana", body="secret").message
        school.edits("ana", mine.id, "hidden")
        school.sends("ana", "c2")

        gone = school.deletes("ana", mine.id)
        again = school.deletes("ana", mine.id)
        school.sweeps()

        assert (gone.body, list(gone.edits), list(gone.words), gone.status) == ("", [], [], "deleted")
        assert (gone.deleted_by, again.version) == ("ana", gone.version)
        assert [one.seq for one in school.sees("t1")] == [1, 2, 3]
        stored = repr(ChatMessage.objects.get(pk=mine.id).to_mongo())
        assert "secret" not in stored
        assert "hidden" not in stored
        assert [(one["by"], one["seq"]) for one in told("MESSAGE_DELETED")] == [("ana", 2)]

    def test_is_for_good(self, school: School) -> None:
        mine = school.sends("ana").message
        school.deletes("ana", mine.id)

        with pytest.raises(MessageGone):
            school.edits("ana", mine.id, "back")

    def test_whoever_looks_after_conversations_may_also_when_they_are_closed(self, school: School) -> None:
        mine = school.sends("ana").message
        school.told(over(1, "t1"))

        gone = school.says.delete(mine.id, caller("boss"), moderates=True)

        assert (gone.status, gone.deleted_by) == ("deleted", "boss")
        with pytest.raises(MessageUnknown):
            school.says.delete(mine.id, caller("boss", "acme"), moderates=True)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("a\n\n b", "a b"),
        ("x" * PREVIEW, "x" * PREVIEW),
        ("x" * (PREVIEW + 1), "x" * (PREVIEW - 1) + "…"),
        (" " * 1000 + "x", ""),
    ],
)
def test_an_event_holds_the_first_words_only(body: str, shown: str) -> None:
    assert preview(body) == shown


def test_whoever_waits_is_woken_by_every_change(school: School) -> None:
    changes = (
        lambda: school.sends("ana"),
        lambda: school.edits("ana", school.sees("ana")[-1].id, "2"),
        lambda: school.deletes("ana", school.sees("ana")[-1].id),
        lambda: school.reads("t1", 2),
    )
    for change in changes:
        school.heard.clear()
        change()
        assert len(school.heard) == 1
