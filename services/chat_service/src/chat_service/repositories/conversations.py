"""The door to conversations."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from chat_service.models.conversation import Conversation
from chat_service.models.participant import Participant
from chat_service.models.pending_notice import PendingNotice
from chat_service.states import ConversationStatus
from lyceum_contracts import OutboxEntry
from lyceum_database import Clock, Repository, translated_errors, utc_now
from lyceum_database.conditional import update_if
from lyceum_database.repository import PAGE

FULL = 1000
"""Events that wait in one conversation: what more messages tell stays with them until some have left, so that no
document outgrows what MongoDB stores while Kafka is away."""
MARKS = 4
"""Times as many events may wait when somebody has read: his mark has no other place to wait in."""
REMEMBERED = 200
"""Ids of events carried last: whoever carries one again does so within moments."""
_HEAVY = ("outbox", "carried")
"""What no use case reads, and what may be long."""


def conversation_id(org_id: str, student_id: str, course_id: str) -> str:
    """Name the one conversation of a student in a course; the same in every process."""
    # Ids hold no line break, so different triples never join to the same text.
    return hashlib.sha256(f"conversation\n{org_id}\n{student_id}\n{course_id}".encode()).hexdigest()[:40]


class Place(NamedTuple):
    """Where a list of conversations goes on: behind this one."""

    last_at: datetime
    id: str


class Pulse(NamedTuple):
    """What changes when somebody who waits has something to look at."""

    last_seq: int
    """Of the last message, or less."""
    version: int
    """Grows when the conversation's members or its status change."""


class Told(NamedTuple):
    """How far a conversation has told what happened in it."""

    told_seq: int
    carried: Sequence[str]
    waiting: int
    """Events in the outbox."""

    @property
    def is_full(self) -> bool:
        """Whether messages have to keep their events for now."""
        return self.waiting >= FULL

    @property
    def is_overfull(self) -> bool:
        """Whether not even a mark fits in."""
        return self.waiting >= MARKS * FULL


class Seated(NamedTuple):
    """Who takes part from now on."""

    members: list[Participant]
    trainer_id: str
    allocation_id: str
    status: ConversationStatus
    notice: PendingNotice | None


class ConversationRepository(Repository[Conversation]):
    """Conversations, found by id, by student and course, or by who takes part; read without their outbox."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(Conversation, clock=clock)

    def of(self, org_id: str, student_id: str, course_id: str) -> Conversation | None:
        """Return the conversation of this student in this course, or None."""
        return self.find(conversation_id(org_id, student_id, course_id), org_id=org_id)

    def of_member(
        self, user_id: str, *, org_id: str, before: Place | None = None, limit: int = PAGE
    ) -> list[Conversation]:
        """Return the conversations that somebody is in and has not left, the last active first."""
        wanted: dict[str, Any] = {**_is_in(user_id), "org_id": org_id}
        if before is not None:
            older, alike = {"last_at": {"$lt": before.last_at}}, {"last_at": before.last_at, "_id": {"$lt": before.id}}
            wanted["$or"] = [older, alike]
        with translated_errors():
            return list(self._light(__raw__=wanted).order_by("-last_at", "-pk").limit(limit))

    def ids_of_member(self, user_id: str, *, org_id: str, limit: int) -> list[str]:
        """Return the ids of the same, at most so many."""
        wanted = {**_is_in(user_id), "org_id": org_id}
        with translated_errors():
            found = self._collection().find(wanted, {"_id": 1}).sort("last_at", -1).limit(limit)
            return [row["_id"] for row in found]

    def pulses(self, ids: Sequence[str]) -> dict[str, Pulse]:
        """Return how these stand, in one question; those that are gone are left out."""
        with translated_errors():
            found = self._collection().find({"_id": {"$in": list(ids)}}, {"last_seq": 1, "version": 1})
            return {row["_id"]: Pulse(row["last_seq"], row["version"]) for row in found}

    def seat(self, seen: Conversation, seated: Seated) -> bool:
        """Write down who takes part, with the notice that tells of it, in the version that was read.

        Returns:
            False if somebody else was faster: nothing was written.
        """
        now = self._clock()
        fields: dict[str, Any] = {
            "members": [member.to_mongo() for member in seated.members],
            "trainer_id": seated.trainer_id,
            "allocation_id": seated.allocation_id,
            "status": seated.status.value,
            "updated_at": now,
        }
        update: dict[str, Any] = {
            "$set": fields,
            "$inc": {"version": 1},
            "$max": {_read_seq(member.user_id): 0 for member in seated.members},
        }
        if seated.notice is not None:
            fields["notices_due"] = now
            update["$push"] = {"notices": seated.notice.to_mongo()}
        return self._update({"_id": seen.id, "version": seen.version}, update)

    def tell(
        self, conversation_id: str, *, after: int, senders: Mapping[int, str | None], entries: Sequence[OutboxEntry]
    ) -> bool:
        """Put what new messages tell into the outbox, if everything up to `after` and nothing more was put there.

        What a sender has sent he has read.

        Args:
            conversation_id: where.
            after: the number before the first of them.
            senders: by number, without a gap, who sent it; None for the platform.
            entries: their events, in order.
        """
        now, last = self._clock(), max(senders)
        newest: dict[str, Any] = {"last_seq": last, "last_at": now}
        for seq, sender_id in sorted(senders.items()):
            if sender_id is not None:
                newest[_read_seq(sender_id)] = seq
        update = {
            "$set": {"told_seq": last, "outbox_due": now, "updated_at": now},
            "$max": newest,
            "$push": {"outbox": {"$each": [dict(one) for one in entries]}},
        }
        return self._update({"_id": conversation_id, "told_seq": after, **_has_room(FULL)}, update)

    def carry(self, conversation_id: str, *, seq: int, entry: OutboxEntry) -> bool:
        """Put what happened to message `seq` into the outbox, behind that it was sent, and never twice."""
        new = {"told_seq": {"$gte": seq}, "carried": {"$ne": entry["id"]}}
        now = self._clock()
        update = {
            "$set": {"outbox_due": now, "updated_at": now},
            "$push": {"outbox": dict(entry), "carried": {"$each": [entry["id"]], "$slice": -REMEMBERED}},
        }
        return self._update({"_id": conversation_id, **new, **_has_room(FULL)}, update)

    def read_up_to(self, conversation_id: str, user_id: str, seq: int, entry: OutboxEntry) -> bool:
        """Move somebody's watermark forward and tell of it; False if it stands there already, or the outbox is full."""
        now = self._clock()
        update = {
            "$set": {_read_seq(user_id): seq, "outbox_due": now, "updated_at": now},
            "$push": {"outbox": dict(entry)},
        }
        return self._update(
            {"_id": conversation_id, _read_seq(user_id): {"$lt": seq}, **_has_room(MARKS * FULL)}, update
        )

    def raise_last_seq(self, conversation_id: str, seq: int) -> None:
        """Move the hint of the last message forward; never back, however late or often this is called."""
        now = self._clock()
        self._update({"_id": conversation_id}, {"$max": {"last_seq": seq, "last_at": now, "updated_at": now}})

    def told(self, conversation_id: str) -> Told | None:
        """Return how far a conversation has told; None if it is gone."""
        return self.told_in([conversation_id]).get(conversation_id)

    def told_in(self, ids: Collection[str]) -> dict[str, Told]:
        """Return how far these have told, in one question; those that are gone are left out."""
        fields = {"told_seq": 1, "carried": 1, "outbox.id": 1}
        with translated_errors():
            found = self._collection().find({"_id": {"$in": list(ids)}}, fields)
            return {
                row["_id"]: Told(row.get("told_seq", 0), row.get("carried", ()), len(row.get("outbox", ())))
                for row in found
            }

    def with_notices(self, now: datetime, *, limit: int = PAGE) -> list[Conversation]:
        """Return those that have still to be told of their members, those due first."""
        return self._select(order="notices_due", limit=limit, notices_due__lte=now)

    def noticed(self, conversation_id: str, notice_ids: Sequence[str]) -> None:
        """Forget notices that were written."""
        written = {"notice_id": {"$in": list(notice_ids)}}
        self._update({"_id": conversation_id}, {"$pull": {"notices": written}})
        self._update({"_id": conversation_id, "notices.0": {"$exists": False}}, {"$unset": {"notices_due": ""}})

    def postpone_notices(self, conversation_id: str, until: datetime) -> None:
        """Leave notices alone for a while."""
        waiting = {"_id": conversation_id, "notices_due": {"$exists": True}}
        self._update(waiting, {"$set": {"notices_due": until}})

    def _select(self, *conditions: Any, order: str, limit: int | None = None, **equals: Any) -> list[Conversation]:
        with translated_errors():
            found = self._light(*conditions, **equals).order_by(order)
            return list(found if limit is None else found.limit(limit))

    def _first(self, **equals: Any) -> Conversation | None:
        self._refuse_operators(equals)
        with translated_errors():
            found: Conversation | None = self._light(**equals).first()
        return found

    def _light(self, *conditions: Any, **equals: Any) -> Any:
        return self.model.objects(*conditions, **equals).exclude(*_HEAVY)

    def _update(self, condition: Mapping[str, Any], update: Mapping[str, Any]) -> bool:
        return update_if(self._collection(), condition, update)

    def _collection(self) -> Any:
        return self.model._get_collection()  # noqa: SLF001 - mongoengine's documented way to the driver's collection


def _read_seq(user_id: str) -> str:
    return f"read_seqs.{user_id}"


def _is_in(user_id: str) -> dict[str, Any]:
    return {"members": {"$elemMatch": {"user_id": user_id, "left_at": None}}}


def _has_room(most: int) -> dict[str, Any]:
    return {f"outbox.{most - 1}": {"$exists": False}}
