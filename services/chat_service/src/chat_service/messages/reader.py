"""Reads a part of a conversation, and waits for it if need be."""

from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from chat_service.caller import Caller
from chat_service.conversations.service import ConversationService
from chat_service.messages.schemas import MessageList
from chat_service.messages.service import MessageService
from chat_service.messages.stretch import Stretch
from chat_service.repositories import Pulse
from chat_service.waits import Found, Waits
from lyceum_web.security import Forbidden, authenticate_again


class MessageReader:
    """Answers who asks for messages; every look decides anew whether the caller may read them.

    Args:
        conversations: know who is a member.
        messages: what was said.
        waits: everybody who waits.
        permission: what callers need.
    """

    def __init__(
        self, conversations: ConversationService, messages: MessageService, waits: Waits, *, permission: str
    ) -> None:
        self._conversations = conversations
        self._messages = messages
        self._waits = waits
        self._permission = permission

    async def read(self, request: Request, conversation_id: str, stretch: Stretch, caller: Caller) -> MessageList:
        """Return what is there; with `wait_s`, once something is there, and nothing after that time.

        Raises:
            ConversationUnknown: there is none, or the caller is not in it (any more).
            TooManyWaits: the caller waits in too many places.
            WaitsFull: too many wait in this process.
            InvalidToken: the caller's session ended meanwhile.
            Forbidden: the caller lost the permission meanwhile.
            ClientDisconnect: the caller hung up.
        """
        if not stretch.wait_s:
            return await run_in_threadpool(self._part, conversation_id, stretch, caller)
        found = await self._waits.until_found(
            partial(self._look, request, conversation_id, stretch, caller),
            conversation_id=conversation_id,
            user_id=caller.user_id,
            seconds=stretch.wait_s,
            hung_up=partial(_hung_up, request),
        )
        return found.answer

    async def _look(
        self, request: Request, conversation_id: str, stretch: Stretch, caller: Caller
    ) -> Found[MessageList]:
        principal = await authenticate_again(request)
        if not principal.may(self._permission):
            raise Forbidden(self._permission)
        return await run_in_threadpool(self._found, conversation_id, stretch, caller)

    def _found(self, conversation_id: str, stretch: Stretch, caller: Caller) -> Found[MessageList]:
        """The conversation is read first: what changes while its messages are read calls for another look."""
        version = self._conversations.get(conversation_id, caller).version
        part = self._part(conversation_id, stretch, caller)
        return Found(part, bool(part.items), Pulse(stretch.after_seq or 0, version))

    def _part(self, conversation_id: str, stretch: Stretch, caller: Caller) -> MessageList:
        found = self._messages.history(
            conversation_id,
            caller,
            after_seq=stretch.after_seq,
            before_seq=stretch.before_seq,
            limit=stretch.limit + 1,
        )
        return MessageList.of(found, limit=stretch.limit)


async def _hung_up(request: Request) -> None:
    """Wait until nobody listens any more; a body, which this request should not have, is thrown away."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    raise ClientDisconnect
