"""Routes of conversations."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter

from chat_service.conversations.schemas import ConversationShown, ReadMark, ReadShown
from chat_service.conversations.service import ConversationService
from chat_service.dependencies import FromCaller, reading
from chat_service.models import Conversation
from chat_service.people import People
from chat_service.permissions import READ
from chat_service.repositories import Place
from chat_service.wire import SMALL_BODY, Id
from lyceum_web.cursors import InvalidCursor, Position
from lyceum_web.limits import allowing
from lyceum_web.openapi import problems
from lyceum_web.pages import Page, PageQuery
from lyceum_web.provided import provided
from lyceum_web.security import requires

Conversations = Annotated[ConversationService, provided(ConversationService)]
Names = Annotated[People, provided(People)]

router = APIRouter(prefix="/v1/conversations", tags=["conversations"])


@router.get("", dependencies=[requires(READ), reading()])
def list_conversations(
    conversations: Conversations, people: Names, caller: FromCaller, asked: PageQuery
) -> Page[ConversationShown]:
    """List the conversations that you are in, the last active first."""
    listing = asked.of("conversations", org=caller.org_id, user=caller.user_id)
    found = conversations.mine(caller, before=_place(listing.after), limit=listing.fetch)
    names = _names(people, found)
    return listing.page(found, lambda one: ConversationShown.of(one, caller.user_id, names), position=_position)


@router.get("/{conversation_id}", dependencies=[requires(READ), reading()], responses=problems("not_found"))
def read_conversation(
    conversation_id: Id, conversations: Conversations, people: Names, caller: FromCaller
) -> ConversationShown:
    """Show a conversation that you are in."""
    found = conversations.get(conversation_id, caller)
    return ConversationShown.of(found, caller.user_id, _names(people, [found]))


@router.put(
    "/{conversation_id}/read",
    dependencies=[requires(READ), reading()],
    responses=problems("not_found", "overloaded"),
)
@allowing(body_bytes=SMALL_BODY)
def mark_read(conversation_id: Id, body: ReadMark, conversations: Conversations, caller: FromCaller) -> ReadShown:
    """Say how far you have read. It never goes back, on whatever device; not beyond the last message either."""
    return ReadShown.of(conversations.read(conversation_id, caller, body.seq), caller.user_id)


def _names(people: People, conversations: Iterable[Conversation]) -> Mapping[str, str]:
    return people.names(member.user_id for one in conversations for member in one.members if member.left_at is None)


def _position(conversation: Conversation) -> Position:
    return (conversation.last_at, conversation.id)


def _place(after: Position | None) -> Place | None:
    if after is None:
        return None
    last_at, conversation_id = after
    if not isinstance(last_at, datetime):
        raise InvalidCursor
    return Place(last_at, str(conversation_id))
