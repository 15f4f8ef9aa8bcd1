"""What the message routes read and write."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Annotated, Self

from pydantic import Field

from chat_service.messages.rules import Wanted
from chat_service.models import ChatMessage
from chat_service.states import ChatMessageStatus, MessageKind
from chat_service.wire import Body, ClientId, Id, ShownId, ShownMoment, ShownSeq
from lyceum_web.schemas import Answer, Request


class MessageCreate(Request):
    """A message to send."""

    client_id: ClientId
    body: Body
    reply_to: Id | None = Field(default=None, description="Id of the message of this conversation that it answers.")

    @property
    def wanted(self) -> Wanted:
        """The same, for the service."""
        return Wanted(client_id=self.client_id, body=self.body, reply_to=self.reply_to)


class MessageChange(Request):
    """Another wording."""

    body: Body


class EditShown(Answer):
    """What a message said before."""

    body: Annotated[str, Field(examples=["Is Friday at four all right?"])]
    until: ShownMoment


class MessageShown(Answer):
    """A message, to a member of its conversation."""

    id: ShownId
    conversation_id: ShownId
    seq: ShownSeq = Field(description="Its number in the conversation, without gaps: messages are sorted by it.")
    sender_id: ShownId
    client_id: Annotated[str, Field(examples=["phone-7f3a-41"])]
    kind: Annotated[MessageKind, Field(examples=["text"])]
    notice: Annotated[
        str | None,
        Field(examples=["handed_over"], description="What a `system` message tells; null in a message of a person."),
    ]
    about_id: Annotated[str | None, Field(examples=["0190b6c2-7c1e-7d3a-9c55-0f1e2d3c4b5b"])] = Field(
        description="The trainer whom a `system` message is about."
    )
    body: Annotated[str, Field(examples=["Is Friday at five all right?"], description="Empty once it is deleted.")]
    reply_to: Annotated[str | None, Field(examples=["0190b6c2-7c1e-7d3a-9c55-0f1e2d3c4b5c"])]
    status: Annotated[ChatMessageStatus, Field(examples=["sent"])]
    edits: list[EditShown] = Field(description="What it said before, the oldest first.")
    created_at: ShownMoment
    deleted_at: ShownMoment | None

    @classmethod
    def of(cls, message: ChatMessage) -> Self:
        """Show a message to a member."""
        return cls(
            id=message.id,
            conversation_id=message.conversation_id,
            seq=message.seq,
            sender_id=message.sender_id,
            client_id=message.client_id,
            kind=MessageKind(message.kind),
            notice=message.notice,
            about_id=message.about_id,
            body=message.body,
            reply_to=message.reply_to,
            status=ChatMessageStatus(message.status),
            edits=[EditShown(body=edit.body, until=edit.until) for edit in message.edits],
            created_at=message.created_at,
            deleted_at=message.deleted_at,
        )


LONGEST_LIST = 250_000
"""Characters of the messages of one list: a hundred of the longest would be megabytes for each who reads slowly."""


class MessageList(Answer):
    """A stretch of a conversation."""

    items: list[MessageShown] = Field(description="By number, the lowest first.")
    more: Annotated[
        bool,
        Field(
            examples=[False],
            description="Whether more follow in the direction that was asked for; long messages fill a list early.",
        ),
    ]

    @classmethod
    def of(cls, found: Sequence[ChatMessage], *, limit: int) -> Self:
        """Show the first `limit` of what was found, in order of number; fewer of long ones, one at least."""
        fitting = _fitting(found[:limit])
        shown = sorted(fitting, key=lambda message: message.seq)
        return cls(items=[MessageShown.of(message) for message in shown], more=len(found) > len(fitting))


def _fitting(found: Sequence[ChatMessage]) -> Sequence[ChatMessage]:
    lengths = (sum(map(len, (one.body, *(edit.body for edit in one.edits)))) for one in found)
    return found[: max(1, sum(total <= LONGEST_LIST for total in accumulate(lengths)))]
