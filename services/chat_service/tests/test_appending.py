"""Messages have no gaps and no doubles, whoever sends how often at the same time."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from chat_service.messages.appending import Appending
from chat_service.models import ChatMessage, Conversation
from chat_service.repositories import ChatMessageRepository, ConversationRepository
from chat_service.telling import Telling
from lyceum_database import Duplicate
from lyceum_database.testing import ManualClock

pytestmark = pytest.mark.usefixtures("database")

Append = Callable[[ChatMessage], ChatMessage]


def message(client_id: str = "c1", **changes: Any) -> ChatMessage:
    given = {"conversation_id": "conv", "sender_id": "ada", "client_id": client_id, "body": "Hello", "seq": 1}
    return ChatMessage(**{**given, **changes})


@pytest.fixture
def messages(clock: ManualClock) -> ChatMessageRepository:
    return ChatMessageRepository(clock=clock)


@pytest.fixture
def append(messages: ChatMessageRepository, clock: ManualClock) -> Append:
    conversations = ConversationRepository(clock=clock)
    for name in ("conv", "other"):
        conversations.insert(Conversation(id=name, student_id="ada", course_id=name))
    appending = Appending(messages, Telling(conversations, messages, clock=clock), clock=clock)

    def run(one: ChatMessage) -> ChatMessage:
        return appending.append(one, lambda: conversations.get(one.conversation_id))

    return run


def test_the_first_message_is_number_one_and_conversations_count_apart(append: Append) -> None:
    numbers = [
        append(message(client_id, conversation_id=conversation)).seq
        for client_id, conversation in (("c1", "conv"), ("c2", "conv"), ("c3", "other"))
    ]

    assert numbers == [1, 2, 1]


def test_sending_again_returns_the_first_message_for_ever(append: Append, messages: ChatMessageRepository) -> None:
    first = append(message())
    append(message("c2"))

    again = append(message(body="Hello?"))

    assert (again.id, again.seq, again.body) == (first.id, 1, "Hello")
    assert messages.last_seq("conv") == 2


def test_ids_of_different_senders_do_not_meet(append: Append) -> None:
    append(message())

    assert append(message(sender_id="tom")).seq == 2


def test_sixteen_senders_at_once_leave_no_gap_and_lose_nothing(append: Append, messages: ChatMessageRepository) -> None:
    start = Barrier(16)

    def send(sender: int) -> list[int]:
        start.wait()
        return [append(message(f"c{number}", sender_id=f"u{sender}")).seq for number in range(4)]

    with ThreadPoolExecutor(16) as pool:
        taken = [seq for numbers in pool.map(send, range(16)) for seq in numbers]

    assert sorted(taken) == list(range(1, 65))
    assert [found.seq for found in messages.after("conv", 0)] == list(range(1, 65))
    conversation = Conversation.objects.get(pk="conv")
    assert (conversation.last_seq, conversation.told_seq) == (64, 64)
    assert [f'"seq":{seq},' in entry["value"] for seq, entry in enumerate(conversation.outbox, 1)] == [True] * 64


def test_one_message_sent_by_sixteen_threads_is_stored_once(append: Append, messages: ChatMessageRepository) -> None:
    start = Barrier(16)

    def send(_: int) -> str:
        start.wait()
        return append(message()).id

    with ThreadPoolExecutor(16) as pool:
        ids = set(pool.map(send, range(16)))

    assert ids == {found.id for found in messages.after("conv", 0)}
    assert len(ids) == 1


def test_another_message_under_a_taken_id_is_refused(append: Append) -> None:
    append(message(id="m1"))

    with pytest.raises(Duplicate) as raised:
        append(message("c2", id="m1"))

    assert raised.value.field == "id"


def test_a_message_that_the_driver_stores_twice_is_new_all_the_same(
    append: Append, messages: ChatMessageRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert = ChatMessageRepository.insert

    def twice(self: ChatMessageRepository, one: ChatMessage) -> ChatMessage:
        insert(self, one)
        return insert(self, one)

    monkeypatch.setattr(ChatMessageRepository, "insert", twice)
    sent = message()

    assert append(sent) is sent
    assert [found.id for found in messages.after("conv", 0)] == [sent.id]


def test_history_is_read_from_both_sides_of_a_number(append: Append, messages: ChatMessageRepository) -> None:
    for number in range(5):
        append(message(f"c{number}"))

    assert [found.seq for found in messages.after("conv", 2, limit=2)] == [3, 4]
    assert [found.seq for found in messages.before("conv", 4, limit=2)] == [3, 2]
    assert [found.seq for found in messages.before("conv", None, limit=2)] == [5, 4]
