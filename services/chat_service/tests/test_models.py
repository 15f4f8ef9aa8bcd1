"""What conversations, messages, doubts and attachments keep, and what they refuse."""

from typing import Any

import pytest

import modelguard
from chat_service import models
from chat_service.models import (
    Conversation,
    Doubt,
    DoubtAnchor,
    DoubtReply,
    DoubtSla,
    MediaAttachment,
    MessageEdit,
    Participant,
)
from chat_service.repositories import (
    ConversationRepository,
    DoubtReplyRepository,
    DoubtRepository,
    MediaAttachmentRepository,
)
from chat_service.states import AnchorKind, DoubtStatus, ParticipantRole, SlaClock
from lyceum_database import Duplicate, InvalidRecord, utc_now
from lyceum_database.testing import ManualClock


def test_every_name_is_registered_and_nothing_dangles() -> None:
    modelguard.check()

    assert {name for name in models.__all__ if modelguard.require(name) is not getattr(models, name)} == set()


def doubt(**changes: Any) -> Doubt:
    given = {"course_id": "algebra", "student_id": "ada", "client_id": "c1", "title": "Why?", "body": "Why so?"}
    return Doubt(**{**given, **changes})


def reply(**changes: Any) -> DoubtReply:
    given = {"doubt_id": "d1", "author_id": "tom", "client_id": "c1", "role": ParticipantRole.TRAINER, "body": "So."}
    return DoubtReply(**{**given, **changes})


@pytest.mark.usefixtures("database")
class TestConversation:
    def test_there_is_one_per_student_and_course(self) -> None:
        conversations = ConversationRepository()
        first = conversations.insert(Conversation(student_id="ada", course_id="algebra", trainer_id="tom"))
        conversations.insert(Conversation(student_id="ada", course_id="geometry"))
        conversations.insert(Conversation(student_id="ada", course_id="algebra", org_id="acme"))

        with pytest.raises(Duplicate) as raised:
            conversations.insert(Conversation(student_id="ada", course_id="algebra", trainer_id="tim"))

        assert (raised.value.field, raised.value.record_id) == ("student_id+course_id", first.id)

    def test_whoever_left_no_longer_has_it(self, clock: ManualClock) -> None:
        conversations = ConversationRepository(clock=clock)
        members = [
            Participant(user_id="ada", role=ParticipantRole.STUDENT, joined_at=clock()),
            Participant(user_id="tom", role=ParticipantRole.TRAINER, joined_at=clock(), left_at=clock()),
            Participant(user_id="tim", role=ParticipantRole.TRAINER, joined_at=clock()),
        ]
        one = conversations.insert(Conversation(student_id="ada", course_id="algebra", members=members))

        assert [
            [found.id for found in conversations.of_member(user, org_id="default")]
            for user in ("ada", "tom", "tim", "eve")
        ] == [
            [one.id],
            [],
            [one.id],
            [],
        ]

    def test_the_last_active_comes_first(self, clock: ManualClock) -> None:
        conversations = ConversationRepository(clock=clock)
        member = Participant(user_id="ada", role=ParticipantRole.STUDENT, joined_at=clock())
        for course in ("a", "b"):
            conversations.insert(Conversation(id=course, student_id="ada", course_id=course, members=[member]))
        conversations.raise_last_seq("b", 1)

        assert [found.id for found in conversations.of_member("ada", org_id="default")] == ["b", "a"]

    def test_the_hint_of_the_last_message_only_grows_and_survives_other_saves(self) -> None:
        conversations = ConversationRepository()
        held = conversations.insert(Conversation(student_id="ada", course_id="algebra"))
        for seq in (3, 7, 5):
            conversations.raise_last_seq(held.id, seq)
        held.trainer_id = "tim"
        conversations.save(held)

        read = conversations.get(held.id)

        assert (read.last_seq, read.trainer_id) == (7, "tim")


@pytest.mark.usefixtures("database")
class TestDoubt:
    def test_asking_again_is_no_second_doubt(self) -> None:
        doubts = DoubtRepository()
        first = doubts.insert(doubt())
        doubts.insert(doubt(student_id="eve"))

        with pytest.raises(Duplicate) as raised:
            doubts.insert(doubt(title="Again"))

        assert raised.value.field == "student_id+client_id"
        found = doubts.by_client_id("ada", "c1")
        assert found is not None
        assert found.id == first.id

    def test_keeps_its_place_in_the_course_and_its_clocks(self, clock: ManualClock) -> None:
        written = DoubtRepository().insert(
            doubt(
                anchor=DoubtAnchor(kind=AnchorKind.VIDEO, target_id="v1", at_ms=61_000),
                sla=DoubtSla(first_due_at=clock(), next_due_at=clock(), paused_ms=5, breached=[SlaClock.FIRST_REPLY]),
            )
        )

        assert DoubtRepository().get(written.id).to_mongo() == written.to_mongo()

    def test_the_most_urgent_of_a_trainers_doubts_comes_first_and_settled_ones_are_gone(
        self, clock: ManualClock
    ) -> None:
        doubts = DoubtRepository(clock=clock)
        states = [DoubtStatus.ASSIGNED, DoubtStatus.REOPENED, DoubtStatus.ACCEPTED, DoubtStatus.OPEN]
        for hour, status in zip((3, 1, 2, 4), states, strict=True):
            due = DoubtSla(next_due_at=clock().replace(hour=hour))
            doubts.insert(doubt(id=status.value, client_id=status.value, trainer_id="tom", status=status, sla=due))

        assert [found.id for found in doubts.owed_by("tom")] == ["reopened", "assigned", "open"]

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"status": "lost"}, "status"),
            ({"anchor": DoubtAnchor(kind="page", target_id="v1")}, "anchor.kind"),
            ({"sla": DoubtSla(paused_ms=-1)}, "sla.paused_ms"),
            ({"client_id": None}, "client_id"),
        ],
    )
    def test_refuses_what_it_cannot_mean_and_names_the_field(self, changes: dict[str, Any], field: str) -> None:
        with pytest.raises(InvalidRecord) as raised:
            DoubtRepository().insert(doubt(**changes))

        assert list(raised.value.fields) == [field]


@pytest.mark.usefixtures("database")
class TestDoubtReply:
    def test_replying_again_is_no_second_reply(self) -> None:
        replies = DoubtReplyRepository()
        replies.insert(reply())
        replies.insert(reply(author_id="tim"))
        replies.insert(reply(doubt_id="d2"))

        with pytest.raises(Duplicate) as raised:
            replies.insert(reply(body="Again."))

        assert raised.value.field == "doubt_id+author_id+client_id"

    def test_are_read_in_the_order_of_writing(self, clock: ManualClock) -> None:
        replies = DoubtReplyRepository(clock=clock)
        for client_id in ("c2", "c1", "c3"):
            replies.insert(reply(client_id=client_id, id=client_id))
            clock.now = clock.now.replace(second=clock.now.second + 1)

        assert [found.id for found in replies.of_doubt("d1")] == ["c2", "c1", "c3"]

    def test_replies_to_replies_end_somewhere(self) -> None:
        with pytest.raises(InvalidRecord) as raised:
            DoubtReplyRepository().insert(reply(depth=4))

        assert list(raised.value.fields) == ["depth"]

    def test_keeps_what_it_said_before(self) -> None:
        replies = DoubtReplyRepository()
        one = replies.insert(reply())
        one.edits.append(MessageEdit(body=one.body, until=utc_now()))
        one.body = "So, because."
        replies.save(one)

        read = replies.get(one.id)
        assert ([edit.body for edit in read.edits], read.body) == (["So."], "So, because.")


@pytest.mark.usefixtures("database")
class TestMediaAttachment:
    def test_a_place_in_a_store_holds_one_file(self) -> None:
        attachments = MediaAttachmentRepository()
        given = {"owner_id": "ada", "name": "a.png", "store": "s3", "size_bytes": 3}
        first = attachments.insert(MediaAttachment(key="k:1", **given))
        attachments.insert(MediaAttachment(key="1", **{**given, "store": "s3:k"}))

        with pytest.raises(Duplicate) as raised:
            attachments.insert(MediaAttachment(key="k:1", **given))

        assert (raised.value.field, raised.value.record_id) == ("store+key", first.id)
        found = attachments.stored_at("s3", "k:1")
        assert found is not None
        assert found.id == first.id
