"""The services that routes ask for, each built once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chat_service.conversations.service import ConversationService
from chat_service.messages.reader import MessageReader
from chat_service.messages.search import SearchKind
from chat_service.messages.service import MessageService
from chat_service.people import People
from chat_service.permissions import READ
from chat_service.rates import Pace, Rates
from chat_service.repositories import Pulse
from chat_service.talking import Chat, build_chat
from chat_service.waits import MOST, PER_USER, Waits
from lyceum_database import Clock, utc_now
from lyceum_web.rates import RateLimiter


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What was built, each once.

    Attributes:
        services: what routes ask for, by class.
        waits: everybody who waits for a message.
        chat: the domains.
    """

    services: Mapping[type, Any]
    waits: Waits
    chat: Chat


def build_services(
    *,
    limiter: RateLimiter,
    rates: Rates,
    search: SearchKind = "tokens",
    waits: int = MOST,
    waits_per_user: int = PER_USER,
    clock: Clock = utc_now,
) -> Built:
    """Build one of each; nothing is connected or asked yet.

    Args:
        limiter: counts what people do.
        rates: how often they may.
        search: how messages are found.
        waits: requests that wait for a message at one time.
        waits_per_user: of one person.
        clock: tells the time.
    """
    pace = Pace(limiter, rates)
    found: list[ConversationService] = []

    def pulses(conversation_ids: Sequence[str]) -> Mapping[str, Pulse]:
        return found[0].pulses(conversation_ids)

    waiting = Waits(pulses, per_user=waits_per_user, most=waits)
    chat = build_chat(
        search=search, told=waiting.tell, admit=lambda _, conversation_id: pace.written_in(conversation_id), clock=clock
    )
    conversations: ConversationService = chat.services[ConversationService]
    found.append(conversations)
    reader = MessageReader(conversations, chat.services[MessageService], waiting, permission=READ)
    return Built(
        services={**chat.services, MessageReader: reader, Pace: pace, People: People(clock=clock)},
        waits=waiting,
        chat=chat,
    )
