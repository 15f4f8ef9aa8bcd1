"""Puts together everything that talks: a part of the composition root, for it to call."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chat_service.allocations.handlers import bound
from chat_service.allocations.seating import Seating
from chat_service.caller import Caller
from chat_service.conversations.service import ConversationService
from chat_service.messages.appending import Appending
from chat_service.messages.notices import Notices
from chat_service.messages.search import SearchKind, search_of
from chat_service.messages.service import MessageService, everybody_may, nobody_hears
from chat_service.models import ChatMessage, Conversation
from chat_service.repositories import ChatMessageRepository, ConversationRepository
from chat_service.telling import Telling
from keylane import Every, Handler
from lyceum_database import OUTAGES, Clock, Contended, utc_now

MODELS = (Conversation, ChatMessage)

EVENTS_SWEPT_EVERY = timedelta(seconds=5)
NOTICES_SWEPT_EVERY = timedelta(seconds=10)
_OUTAGES = (*OUTAGES, Contended)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """What was built, each once.

    Attributes:
        services: what routes ask for, by class.
        handlers: of events on the topic `allocations`.
        sweepers: run beside the requests, in every replica.
    """

    services: Mapping[type, Any]
    handlers: Mapping[str, Handler]
    sweepers: Sequence[Every]


def build_chat(
    *,
    search: SearchKind = "tokens",
    told: Callable[[str], None] = nobody_hears,
    admit: Callable[[Caller, str], None] = everybody_may,
    clock: Clock = utc_now,
) -> Chat:
    """Build it; nothing is connected or asked yet.

    Args:
        search: how messages are found.
        told: is given the id of a conversation in which something changed here, in the thread that changed it.
        admit: is asked before somebody who may write does so; raises to refuse.
        clock: tells the time.
    """
    conversations, messages = ConversationRepository(clock=clock), ChatMessageRepository(clock=clock)
    telling = Telling(conversations, messages, clock=clock)
    appending = Appending(messages, telling, clock=clock)
    notices = Notices(conversations, appending, clock=clock)
    talks = ConversationService(
        conversations=conversations, messages=messages, telling=telling, heard=told, clock=clock
    )
    says = MessageService(
        conversations=conversations,
        messages=messages,
        appending=appending,
        telling=telling,
        search=search_of(search, messages),
        heard=told,
        admit=admit,
        clock=clock,
    )
    seating = Seating(conversations, notices, heard=told, clock=clock)
    return Chat(
        services={ConversationService: talks, MessageService: says},
        handlers=bound(seating),
        sweepers=(
            Every("untold messages", EVENTS_SWEPT_EVERY, telling.sweep, outages=_OUTAGES),
            Every("unwritten notices", NOTICES_SWEPT_EVERY, notices.sweep, outages=_OUTAGES),
        ),
    )
