"""What the conversation routes read and write."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field

from chat_service.conversations.rules import last_read_seq, unread
from chat_service.models import Conversation, Participant
from chat_service.states import ConversationStatus, ParticipantRole
from chat_service.wire import Seq, ShownId, ShownMoment, ShownSeq
from lyceum_web.schemas import Answer, Request


class MemberShown(Answer):
    """Somebody who is in the conversation now."""

    user_id: ShownId
    role: Annotated[ParticipantRole, Field(examples=["trainer"])]
    name: Annotated[str | None, Field(examples=["Tom Baker"], description="Null if the account is gone.")]
    joined_at: ShownMoment

    @classmethod
    def of(cls, member: Participant, names: Mapping[str, str]) -> Self:
        """Show a member to another."""
        return cls(
            user_id=member.user_id,
            role=ParticipantRole(member.role),
            name=names.get(member.user_id),
            joined_at=member.joined_at,
        )


class ConversationShown(Answer):
    """A conversation, to one of its members."""

    id: ShownId
    course_id: ShownId
    student_id: ShownId
    trainer_id: Annotated[str | None, Field(examples=["0190b6c2-7c1e-7d3a-9c55-0f1e2d3c4b5b"])]
    status: Annotated[
        ConversationStatus, Field(examples=["open"], description="Messages can be sent while it is `open`.")
    ]
    members: list[MemberShown]
    last_seq: Annotated[int, Field(examples=[42], description="Number of the last message; 0 before the first.")]
    last_at: ShownMoment | None = Field(description="When something was last said.")
    last_read_seq: ShownSeq = Field(description="Up to where you have read.")
    unread: Annotated[int, Field(examples=[3], description="Messages after that.")]
    created_at: ShownMoment

    @classmethod
    def of(cls, conversation: Conversation, user_id: str, names: Mapping[str, str]) -> Self:
        """Show a conversation to a member."""
        return cls(
            id=conversation.id,
            course_id=conversation.course_id,
            student_id=conversation.student_id,
            trainer_id=conversation.trainer_id,
            status=ConversationStatus(conversation.status),
            members=[MemberShown.of(member, names) for member in conversation.members if member.left_at is None],
            last_seq=conversation.last_seq,
            last_at=conversation.last_at,
            last_read_seq=last_read_seq(conversation, user_id),
            unread=unread(conversation, user_id),
            created_at=conversation.created_at,
        )


class ReadMark(Request):
    """How far you have read."""

    seq: Seq = Field(description="Of the last message that you have seen; an earlier one than before changes nothing.")


class ReadShown(Answer):
    """How far you have read, after the change."""

    conversation_id: ShownId
    last_seq: ShownSeq
    last_read_seq: ShownSeq
    unread: Annotated[int, Field(examples=[0])]

    @classmethod
    def of(cls, conversation: Conversation, user_id: str) -> Self:
        """Show a member their own watermark."""
        return cls(
            conversation_id=conversation.id,
            last_seq=conversation.last_seq,
            last_read_seq=last_read_seq(conversation, user_id),
            unread=unread(conversation, user_id),
        )
