"""The door to messages."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chat_service.models.chat_message import ChatMessage
from lyceum_contracts import OutboxEntry
from lyceum_database import Clock, Repository, translated_errors, utc_now
from lyceum_database.conditional import update_if
from lyceum_database.repository import PAGE

_TELLING = ("id", "conversation_id", "seq", "sender_id", "kind", "events")


class ChatMessageRepository(Repository[ChatMessage]):
    """Messages, found by id, by their place in the conversation, or by what is still to be done about them."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(ChatMessage, clock=clock)

    def by_client_id(self, conversation_id: str, sender_id: str, client_id: str) -> ChatMessage | None:
        """Return what this sender sent under this id of his own, or None."""
        return self._first(conversation_id=conversation_id, sender_id=sender_id, client_id=client_id)

    def last_seq(self, conversation_id: str) -> int:
        """Return the number of the last message, 0 before the first."""
        with translated_errors():
            found = self._collection().find({"conversation_id": conversation_id}, {"seq": 1}).sort("seq", -1).limit(1)
            return int(next((row["seq"] for row in found), 0))

    def after(self, conversation_id: str, seq: int, *, limit: int = PAGE) -> list[ChatMessage]:
        """Return the messages that follow number `seq`, oldest first."""
        return self._select(conversation_id=conversation_id, seq__gt=seq, order="seq", limit=limit)

    def before(self, conversation_id: str, seq: int | None, *, limit: int = PAGE) -> list[ChatMessage]:
        """Return the messages that precede number `seq`, or simply the last ones, newest first."""
        earlier = {} if seq is None else {"seq__lt": seq}
        return self._select(conversation_id=conversation_id, order="-seq", limit=limit, **earlier)

    def matching(self, condition: Mapping[str, Any], *, before_id: str | None, limit: int = PAGE) -> list[ChatMessage]:
        """Return messages that meet a condition in the database's words, the newest first."""
        earlier = {} if before_id is None else {"_id": {"$lt": before_id}}
        return self._select(__raw__={**condition, **earlier}, order="-pk", limit=limit)

    def change(self, seen: ChatMessage, fields: Mapping[str, Any], entry: OutboxEntry, *, due: datetime) -> bool:
        """Change a message in the version that was read, in one write with the event that tells of it.

        Returns:
            False if somebody else was faster: nothing was written. `seen` is spoiled then: read again.

        Raises:
            InvalidRecord: the message would break its own rules; nothing was written.
        """
        for name, value in fields.items():
            setattr(seen, name, value)
        with translated_errors():
            seen.validate(clean=True)
            stored = seen.to_mongo()
        values = {name: stored[name] for name in fields if name in stored}
        gone = {name: "" for name in fields if name not in stored}
        update: dict[str, Any] = {
            "$set": {**values, "updated_at": self._clock(), "events_due": due},
            "$push": {"events": dict(entry)},
            "$inc": {"version": 1},
            **({"$unset": gone} if gone else {}),
        }
        return update_if(self._collection(), {"_id": seen.id, "version": seen.version}, update)

    def unsettled(self, now: datetime, *, limit: int = PAGE) -> list[ChatMessage]:
        """Return messages with events that may not have left, those due first; without what they say."""
        with translated_errors():
            due = self.model.objects(events_due__lte=now).only(*_TELLING).order_by("events_due").limit(limit)
            return list(due)

    def settled(self, ids: Sequence[str], entry_ids: Sequence[str]) -> None:
        """Clear away events that are in their conversation's outbox."""
        collection, these = self._collection(), {"_id": {"$in": list(ids)}}
        with translated_errors():
            collection.update_many(these, {"$pull": {"events": {"id": {"$in": list(entry_ids)}}}})
            collection.update_many({**these, "events.0": {"$exists": False}}, {"$unset": {"events_due": ""}})

    def postpone(self, ids: Sequence[str], until: datetime) -> None:
        """Leave the events of messages alone for a while."""
        waiting = {"_id": {"$in": list(ids)}, "events_due": {"$exists": True}}
        with translated_errors():
            self._collection().update_many(waiting, {"$set": {"events_due": until}})

    def _collection(self) -> Any:
        return self.model._get_collection()  # noqa: SLF001 - mongoengine's documented way to the driver's collection
