"""A student, her trainers, and what the allocation worker tells about them; the program's own parts, put together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from chat_service.caller import Caller
from chat_service.conversations.service import ConversationService
from chat_service.messages.rules import Wanted
from chat_service.messages.service import MessageService, Sent
from chat_service.models import ChatMessage, Conversation
from chat_service.repositories import ChatMessageRepository, ConversationRepository, conversation_id
from chat_service.talking import Chat, build_chat
from keylane import Message
from lyceum_contracts import (
    AllocationWaitlisted,
    Event,
    TrainerAllocated,
    TrainerDeallocated,
    TrainerReallocated,
)
from lyceum_database import Clock
from lyceum_database.testing import ManualClock

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
WHO = {"student_id": "ana", "course_id": "algebra", "allocation_id": "alloc-1"}
SKILL = {"subject": "math", "language": "en"}
TALK = conversation_id("default", "ana", "algebra")


def moment(epoch: int) -> datetime:
    return NOW + timedelta(minutes=epoch)


def allocated(epoch: int, trainer: str) -> Event:
    held = {"epoch": epoch, "trainer_id": trainer, "purchase_ids": ("p1",), "allocated_at": moment(epoch)}
    return TrainerAllocated(**WHO, **SKILL, **held)


def moved(epoch: int, trainer: str) -> Event:
    held = {"epoch": epoch, "to_trainer_id": trainer, "cause": "admin", "reallocated_at": moment(epoch)}
    return TrainerReallocated(**WHO, from_trainer_id="somebody", **held)


def over(epoch: int, trainer: str) -> Event:
    ended = moment(epoch) + timedelta(seconds=30)
    return TrainerDeallocated(**WHO, epoch=epoch, trainer_id=trainer, cause="refund", deallocated_at=ended)


def waits(epoch: int) -> Event:
    return AllocationWaitlisted(**WHO, **SKILL, epoch=epoch, waiting_since=moment(epoch))


def message(event: Event, **changes: Any) -> Message:
    fields: dict[str, Any] = {
        "id": "e1",
        "type": event.type,
        "source": "/allocation",
        "key": b"k",
        "data": event.to_data(),
        "headers": {},
        "time": None,
        "topic": "allocations",
        "partition": 0,
        "offset": 0,
        "attempt": 1,
        "fence": 1,
    }
    return Message(**{**fields, **changes})


@dataclass
class School:
    """One process of the chat service."""

    clock: Clock = field(default_factory=ManualClock)
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.heard: list[str] = []
        self.chat: Chat = build_chat(told=self.heard.append, clock=self.clock, **self.options)
        self.talks: ConversationService = self.chat.services[ConversationService]
        self.says: MessageService = self.chat.services[MessageService]
        self.conversations = ConversationRepository(clock=self.clock)
        self.messages = ChatMessageRepository(clock=self.clock)

    def told(self, *events: Event, **changes: Any) -> None:
        """Hear what the allocation worker tells."""
        for event in events:
            self.chat.handlers[event.type](message(event, **changes))

    def sends(self, user: str, client_id: str = "c1", body: str = "Hello", **changes: Any) -> Sent:
        wanted = Wanted(client_id=client_id, body=body, **changes)
        return self.says.send(TALK, caller(user), wanted)

    def edits(self, user: str, message_id: str, body: str, **options: Any) -> ChatMessage:
        return self.says.edit(message_id, caller(user), body, **options)

    def deletes(self, user: str, message_id: str, **options: Any) -> ChatMessage:
        return self.says.delete(message_id, caller(user), **options)

    def reads(self, user: str, seq: int) -> Conversation:
        return self.talks.read(TALK, caller(user), seq)

    def sees(self, user: str, **options: Any) -> list[ChatMessage]:
        return self.says.history(TALK, caller(user), **{"after_seq": 0, **options})

    def talk(self) -> Conversation:
        return self.conversations.get(TALK)

    def sweeps(self) -> None:
        """All that runs beside the requests, once, when everything is due."""
        if isinstance(self.clock, ManualClock):
            self.clock.advance(timedelta(minutes=1))
        for sweeper in self.chat.sweepers:
            sweeper._step()


def caller(user: str, org: str = "default") -> Caller:
    return Caller(org, user)


def bodies(messages: list[ChatMessage]) -> list[str]:
    return [one.body for one in messages]


def outbox(talk: str = TALK) -> list[dict[str, Any]]:
    found = Conversation.objects(pk=talk).first()
    return [] if found is None else list(found.outbox)
