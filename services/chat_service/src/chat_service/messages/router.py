"""Routes of messages."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response, status

from chat_service.dependencies import FromCaller, reading, searching, writing
from chat_service.messages.reader import MessageReader
from chat_service.messages.schemas import MessageChange, MessageCreate, MessageList, MessageShown
from chat_service.messages.service import MessageService
from chat_service.messages.stretch import LONGEST_WAIT_S, AskedStretch
from chat_service.models import ChatMessage
from chat_service.permissions import MODERATE, READ, WRITE
from chat_service.wire import LONGEST_QUERY, MESSAGE_BODY, Id
from lyceum_web.limits import allowing
from lyceum_web.openapi import problems
from lyceum_web.pages import Page, PageQuery
from lyceum_web.provided import provided
from lyceum_web.security import CurrentPrincipal, requires

LOOK_S = 30
"""Seconds for the looks of a request that waits, besides its wait."""

Messages = Annotated[MessageService, provided(MessageService)]
Reader = Annotated[MessageReader, provided(MessageReader)]

_SENT_BEFORE: dict[int | str, dict[str, Any]] = {
    200: {"model": MessageShown, "description": "It was sent before: this is the message as it is now."}
}

router = APIRouter(prefix="/v1", tags=["messages"])


@router.get(
    "/conversations/{conversation_id}/messages",
    dependencies=[requires(READ), reading()],
    responses=problems("not_found", "too_many_waits"),
)
@allowing(seconds=LONGEST_WAIT_S + LOOK_S)
async def list_messages(
    conversation_id: Id, asked: AskedStretch, reader: Reader, caller: FromCaller, request: Request
) -> MessageList:
    """Read a part of a conversation: the last messages, those before a number, or those after one.

    With `after_seq` and `wait` the answer comes as soon as there is a message after that number, and is an empty list
    if there is none in that time: ask again then.
    """
    return await reader.read(request, conversation_id, asked, caller)


@router.post(
    "/conversations/{conversation_id}/messages",
    status_code=status.HTTP_201_CREATED,
    dependencies=[requires(WRITE), writing()],
    responses={
        **_SENT_BEFORE,
        **problems("not_found", "conversation_closed", "client_id_reused", "unfit_message", "overloaded"),
    },
)
@allowing(body_bytes=MESSAGE_BODY)
def send_message(
    conversation_id: Id, body: MessageCreate, messages: Messages, caller: FromCaller, response: Response
) -> MessageShown:
    """Send a message. The same `client_id` is the same message, for ever: without an answer, send it again."""
    sent = messages.send(conversation_id, caller, body.wanted)
    if not sent.is_new:
        response.status_code = status.HTTP_200_OK
    response.headers["Location"] = f"/v1/messages/{sent.message.id}"
    return MessageShown.of(sent.message)


@router.get("/messages", dependencies=[requires(READ), searching()], responses=problems("unfit_query", "not_found"))
def search_messages(
    messages: Messages,
    caller: FromCaller,
    asked: PageQuery,
    q: Annotated[
        str, Query(min_length=1, max_length=LONGEST_QUERY, description="Words that a message has, all of them.")
    ],
    conversation_id: Annotated[Id | None, Query(description="Only in this conversation.")] = None,
) -> Page[MessageShown]:
    """Find messages in the conversations that you are in, the newest first."""
    listing = asked.of("messages", org=caller.org_id, user=caller.user_id, q=q, conversation=conversation_id)
    found = messages.search(caller, q, conversation_id=conversation_id, before_id=listing.after_id, limit=listing.fetch)
    return listing.page(found, MessageShown.of, position=_position)


@router.get("/messages/{message_id}", dependencies=[requires(READ), reading()], responses=problems("not_found"))
def read_message(message_id: Id, messages: Messages, caller: FromCaller) -> MessageShown:
    """Show a message of a conversation that you are in."""
    return MessageShown.of(messages.get(message_id, caller))


@router.patch(
    "/messages/{message_id}",
    dependencies=[requires(WRITE), writing()],
    responses=problems(
        "not_found",
        "conversation_closed",
        "not_your_message",
        "edit_too_late",
        "message_deleted",
        "too_many_edits",
        "unfit_message",
        "overloaded",
    ),
)
@allowing(body_bytes=MESSAGE_BODY)
def edit_message(message_id: Id, body: MessageChange, messages: Messages, caller: FromCaller) -> MessageShown:
    """Put a message of yours in other words, for some minutes after it was sent; what it said before is kept."""
    return MessageShown.of(messages.edit(message_id, caller, body.body))


@router.delete(
    "/messages/{message_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[requires(WRITE), writing()],
    responses=problems("not_found", "conversation_closed", "not_your_message", "overloaded"),
)
def delete_message(message_id: Id, messages: Messages, caller: FromCaller, principal: CurrentPrincipal) -> None:
    """Delete a message of yours, or with `conversations:moderate` any of your organization: its number stays.

    What it said, and had said before, is gone.
    """
    messages.delete(message_id, caller, moderates=principal.may(MODERATE))


def _position(message: ChatMessage) -> tuple[str]:
    return (message.id,)
