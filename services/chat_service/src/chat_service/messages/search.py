"""Finds messages by their words, in conversations that the caller named. Two ways, alike to those who search."""

from collections.abc import Sequence
from typing import Any, Literal, Protocol

from chat_service.models import ChatMessage
from chat_service.repositories import ChatMessageRepository
from lyceum_database import translated_errors

SearchKind = Literal["tokens", "text"]


class MessageSearch(Protocol):
    """A search that looks only where it is told to."""

    def find(
        self, conversation_ids: Sequence[str], asked: Sequence[str], *, before_id: str | None, limit: int
    ) -> list[ChatMessage]:
        """Return messages that hold every word, the newest first; deleted ones hold none."""

    def create_index(self) -> None:
        """Create what the search needs beyond the indexes of the models; may be repeated."""


class TokenSearch:
    """By an array of words in each message: works on every engine. The last word may be the beginning of one."""

    def __init__(self, messages: ChatMessageRepository) -> None:
        self._messages = messages

    def find(
        self, conversation_ids: Sequence[str], asked: Sequence[str], *, before_id: str | None, limit: int
    ) -> list[ChatMessage]:
        """Return messages that hold every word, the newest first."""
        *whole, begun = asked
        conditions: list[dict[str, Any]] = [{"words": word} for word in whole]
        conditions.append({"words": {"$regex": f"^{begun}"}})  # words hold letters and digits only
        condition = {"conversation_id": {"$in": list(conversation_ids)}, "$and": conditions}
        return self._messages.matching(condition, before_id=before_id, limit=limit)

    def create_index(self) -> None:
        """The models declare it."""


class TextIndexSearch:
    """By MongoDB's own text index, which other engines lack."""

    def __init__(self, messages: ChatMessageRepository) -> None:
        self._messages = messages

    def find(
        self, conversation_ids: Sequence[str], asked: Sequence[str], *, before_id: str | None, limit: int
    ) -> list[ChatMessage]:
        """Return messages that hold every word, the newest first."""
        condition = {
            "conversation_id": {"$in": list(conversation_ids)},
            "$text": {"$search": " ".join(f'"{word}"' for word in asked)},
        }
        return self._messages.matching(condition, before_id=before_id, limit=limit)

    def create_index(self) -> None:
        """Index what messages say; without a language, since nobody knows which they are in."""
        with translated_errors():
            collection = ChatMessage._get_collection()  # noqa: SLF001 - mongoengine's documented way to the driver's collection
            collection.create_index([("body", "text")], default_language="none", name="body_text")


def search_of(kind: SearchKind, messages: ChatMessageRepository) -> MessageSearch:
    """Return the search that an installation has chosen."""
    return TextIndexSearch(messages) if kind == "text" else TokenSearch(messages)
