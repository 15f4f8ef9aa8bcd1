"""Looks at what is stored after every step of anybody, and remembers what must never go back."""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import Any

from chat_service.models import ChatMessage, Conversation
from keylane.mongo.outbox_documents import OutboxDocuments
from lyceum_database import Clock

from .school import TALK

ENDS = "closed"


@dataclass
class Watcher:
    """What has been seen of one conversation."""

    clock: Clock
    published: list[dict[str, Any]] = field(default_factory=list)
    _known: list[tuple[Any, ...]] = field(default_factory=list)
    _log: list[str] = field(default_factory=list)
    _marks: Counter[str] = field(default_factory=Counter)
    _seat: tuple[int, bool] = (0, False)

    def relays(self, *, dies: bool = False) -> None:
        """Publish what is due, as a relay does; one that dies leaves it where it was."""
        documents = OutboxDocuments(Conversation._get_collection(), lease=timedelta(seconds=1), clock=self.clock)
        for document in documents.take_due(10, frozenset()):
            self.published += document["outbox"]
            if not dies:
                documents.remove(document["_id"], [entry["id"] for entry in document["outbox"]])

    def look(self) -> None:
        """Check everything that always holds."""
        talk = Conversation.objects(pk=TALK).first()
        messages = list(ChatMessage.objects(conversation_id=TALK).order_by("seq"))
        if talk is None:
            assert not messages
            return
        self._numbers(messages)
        self._marks_of(talk, len(messages))
        self._seat_of(talk)
        self._writers(messages)
        self._events(talk)

    def _numbers(self, messages: list[ChatMessage]) -> None:
        """Dense, and what was stored once stays: number, sender and the sender's own id."""
        assert [one.seq for one in messages] == list(range(1, len(messages) + 1))
        now = [(one.id, one.seq, one.sender_id, one.client_id) for one in messages]
        assert now[: len(self._known)] == self._known
        assert len({(sender, client_id) for _, _, sender, client_id in now}) == len(now)
        self._known = now

    def _marks_of(self, talk: Conversation, count: int) -> None:
        marks = Counter({"last": talk.last_seq, "told": talk.told_seq, **talk.read_seqs})
        assert all(marks[name] >= mark for name, mark in self._marks.items()), (self._marks, marks)
        assert max(marks.values(), default=0) <= count
        self._marks = marks

    def _seat_of(self, talk: Conversation) -> None:
        seat = (talk.members[-1].epoch, talk.members[-1].over)
        assert seat >= self._seat
        self._seat = seat
        assert (talk.status == "open") != talk.members[-1].over
        assert [one.user_id for one in talk.members if one.left_at is None] == ["ana", talk.trainer_id]

    def _writers(self, messages: list[ChatMessage]) -> None:
        """Between two notices write those only whom the first one names."""
        holder, is_open = None, False
        for one in messages:
            if one.kind == "system":
                holder, is_open = one.about_id, one.notice != ENDS
            else:
                assert is_open, one.to_mongo()
                assert one.sender_id in ("ana", holder), one.to_mongo()

    def _events(self, talk: Conversation) -> None:
        """First copies, in the order in which they leave: each once, and nothing before what it is about."""
        entries = {entry["id"]: entry for entry in [*self.published, *talk.outbox]}
        log = list(entries)
        assert log[: len(self._log)] == self._log, "an event was put before another one"
        self._log = log
        assert len({entry["id"] for entry in talk.outbox}) == len(talk.outbox)
        said = [(entry["type"], json.loads(entry["value"])) for entry in entries.values()]
        assert [one["seq"] for kind, one in said if kind == "MESSAGE_SENT"] == list(range(1, talk.told_seq + 1))
        sent = 0
        for kind, one in said:
            sent += kind == "MESSAGE_SENT"
            assert one.get("seq", one.get("last_read_seq")) <= sent
        _grow([(one["user_id"], one["last_read_seq"]) for kind, one in said if kind == "CONVERSATION_READ"])
        _grow([(one["message_id"], one.get("edits", 99)) for kind, one in said if kind in CHANGES])

    def at_rest(self) -> None:
        """Check that nothing is left over, and that the world knows it all."""
        self.look()
        talk = Conversation.objects.get(pk=TALK)
        messages = list(ChatMessage.objects(conversation_id=TALK).order_by("seq"))
        assert not [one.id for one in messages if one.events or one.events_due]
        assert not talk.notices
        assert talk.notices_due is None
        assert talk.last_seq == talk.told_seq == len(messages)
        last: dict[str, dict[str, Any]] = {}
        for entry in {entry["id"]: entry for entry in [*self.published, *talk.outbox]}.values():
            if entry["type"] in CHANGES:
                last[json.loads(entry["value"])["message_id"]] = entry
        for one in messages:
            kind = {"sent": None, "edited": "MESSAGE_EDITED", "deleted": "MESSAGE_DELETED"}[one.status]
            assert (last[one.id]["type"] if one.id in last else None) == kind
            if kind == "MESSAGE_EDITED":
                assert json.loads(last[one.id]["value"])["preview"] == one.body


CHANGES = ("MESSAGE_EDITED", "MESSAGE_DELETED")


def _grow(marks: list[tuple[str, int]]) -> None:
    """Each one's numbers go up."""
    for name in {name for name, _ in marks}:
        own = [mark for who, mark in marks if who == name]
        assert all(one < other for one, other in pairwise(own)), (name, own)
