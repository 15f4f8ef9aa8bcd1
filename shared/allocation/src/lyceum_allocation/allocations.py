"""The door to allocations: each write is one conditional update of one document."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Self

from lyceum_allocation.models import Allocation
from lyceum_allocation.outbox import entry
from lyceum_allocation.rules import RELAXED_AFTER, Requirement
from lyceum_allocation.states import SEATED_STATES, WAITING_STATES, AllocationState
from lyceum_allocation.transitions import Change
from lyceum_database import Clock, Duplicate, Repository, translated_errors, utc_now
from lyceum_database.conditional import update_if

HISTORY_LINES = 50
PAGE = 20
"""Those in front are served first; a long queue is rarely walked to its end."""

SWEPT_AT_ONCE = 200
"""The sweep reads everybody who waits: with 10,000 of them every 30 s, about three reads a second."""


@dataclass(frozen=True, slots=True)
class Queue:
    """The waitlist of one skill in one organization."""

    org_id: str
    skill: str


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a queue."""

    priority: int
    waiting_since: datetime | None
    id: str

    @classmethod
    def of(cls, waiter: Allocation) -> Self:
        """The place of one who waits."""
        return cls(waiter.priority, waiter.waiting_since, waiter.id)

    def behind(self) -> list[dict[str, Any]]:
        """Alternatives: those behind this place meet one of them."""
        return self._beyond("$gt")

    def ahead(self) -> list[dict[str, Any]]:
        """Alternatives: those before this place meet one of them."""
        return self._beyond("$lt")

    def _beyond(self, than: str) -> list[dict[str, Any]]:
        order = (("priority", self.priority), ("waiting_since", self.waiting_since), ("_id", self.id))
        return [{**dict(order[:index]), name: {than: value}} for index, (name, value) in enumerate(order)]


class AllocationRepository(Repository[Allocation]):
    """Allocations, written by compare-and-set on the version that was read."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(Allocation, clock=clock)

    def write(self, seen: Allocation, change: Change, *, cause_id: str | None = None) -> bool:
        """Apply a change to the version that was read; `seen` then shows the new state.

        Returns:
            False if somebody else was faster: nothing was written, read again and decide again.
        """
        now = self._clock()
        events = [
            entry(
                event,
                aggregate_id=seen.id,
                version=seen.version + 1,
                org_id=seen.org_id,
                cause_id=cause_id,
                now=now,
            )
            for event in change.events
        ]
        line = [{"at": now, "epoch": change.fields.get("epoch", seen.epoch), **change.note}] if change.note else []
        if seen.version == 0:
            return self._insert(seen, change, events, line, now)
        return self._compare_and_set(seen, change, events, line, now)

    def waiting(
        self,
        queue: Queue,
        *,
        now: datetime,
        after: Position | None = None,
        known: Mapping[str, Allocation] = MappingProxyType({}),
        limit: int = PAGE,
    ) -> list[Allocation]:
        """List who waits for a skill, first come first, from behind `after` on.

        Also those of another language who have waited so long by now that they accept this one: they stand here at
        the place that their wait gives them, and keep their place in their own queue. Nothing new is made of whoever
        is `known`, by id, as long as nobody changed him.
        """
        condition = _standing_in(queue, now, [{}] if after is None else after.behind())
        order = [("priority", 1), ("waiting_since", 1), ("_id", 1)]
        with translated_errors():
            rows = self._collection().find(condition, dict.fromkeys(_BULKY, 0)).sort(order).limit(limit)
            # Of rows, not by a query of the mapper: each purchase asks this, and its costs are mostly the query's.
            return [
                same
                if (same := known.get(row["_id"])) and same.version == row["version"]
                else Allocation._from_son(row)  # noqa: SLF001 - what the mapper's own queries call
                for row in rows
            ]

    def ahead(self, queue: Queue, place: Position, *, now: datetime) -> int:
        """Count who waits for a skill before this place."""
        with translated_errors():
            return int(self._collection().count_documents(_standing_in(queue, now, place.ahead())))

    def pending(self, *, after_id: str | None, limit: int = SWEPT_AT_ONCE) -> list[Allocation]:
        """List all who wait, of every skill, without their history, in order of id."""
        behind = {} if after_id is None else {"_id": {"$gt": after_id}}
        with translated_errors():
            query = Allocation.objects(__raw__={**_WAITS, **behind}).exclude(*_BULKY)
            return list(query.order_by("id").limit(limit))

    def students_of(
        self, trainer_id: str, *, states: Iterable[AllocationState], after_id: str | None, limit: int = PAGE
    ) -> list[Allocation]:
        """List the allocations of a trainer in some states, without their history, in order of id."""
        condition: dict[str, Any] = {"trainer_id": trainer_id, "state": {"$in": [state.value for state in states]}}
        if after_id is not None:
            condition["_id"] = {"$gt": after_id}
        with translated_errors():
            return list(Allocation.objects(__raw__=condition).exclude(*_BULKY).order_by("id").limit(limit))

    def beginning_with(self, prefix: str, *, org_id: str, limit: int) -> list[Allocation]:
        """List allocations whose id begins so, in order of id."""
        condition = {"_id": {"$gte": prefix, "$lt": f"{prefix}\x7f"}, "org_id": org_id}
        with translated_errors():
            return list(Allocation.objects(__raw__=condition).order_by("id").limit(limit))

    def longest_waiting(self, *, org_id: str, state: AllocationState, limit: int) -> list[Allocation]:
        """List who waits in this state, of every skill, in the order of the queues; for a person: no index helps."""
        condition = {"org_id": org_id, "state": state.value}
        with translated_errors():
            query = Allocation.objects(__raw__=condition).order_by("priority", "waiting_since", "id")
            return list(query.limit(limit))

    def by_id(self, ids: Iterable[str]) -> dict[str, Allocation]:
        """Read several at once, without their history; those that do not exist are left out."""
        with translated_errors():
            return {found.id: found for found in Allocation.objects(id__in=list(ids)).exclude(*_BULKY)}

    def not_holding(self, seats: Sequence[tuple[str, str, int]]) -> set[str]:
        """Tell which allocations do not hold, or not yet, one of these seats: (trainer, allocation, epoch)."""
        fields = dict.fromkeys(("state", "trainer_id", "seat_epoch"), 1)
        with translated_errors():
            rows = list(self._collection().find({"_id": {"$in": sorted({owner for _, owner, _ in seats})}}, fields))
        held = {
            (row.get("trainer_id"), row["_id"], row.get("seat_epoch")) for row in rows if row["state"] in SEATED_STATES
        }
        # Of an allocation that nobody knows nothing can be told: its seat stays.
        return {row["_id"] for row in rows} & {seat[1] for seat in seats if seat not in held}

    def unknown(self, ids: Iterable[str]) -> set[str]:
        """Tell which of these allocations do not exist."""
        wanted = sorted(set(ids))
        with translated_errors():
            return set(wanted) - {row["_id"] for row in self._collection().find({"_id": {"$in": wanted}}, {"_id": 1})}

    def queues(self, *, now: datetime, org_id: str | None = None, skills: Iterable[str] | None = None) -> list[Queue]:
        """List the queues in which somebody waits, the one with the oldest head first."""
        match: dict[str, Any] = dict(_WAITS)
        wanted = None if skills is None else sorted(skills)
        if org_id is not None:
            match["org_id"] = org_id
        if wanted is not None:
            match["$or"] = [{"skill": {"$in": wanted}}, {"second_skill": {"$in": wanted}}]
        of = {"org_id": "$org_id", "skill": "$skill", "second_skill": "$second_skill"}
        with translated_errors():
            found = self._collection().aggregate(
                [{"$match": match}, {"$group": {"_id": of, "oldest": {"$min": "$waiting_since"}}}]
            )
            rows = [{**row["_id"], "oldest": row["oldest"]} for row in found]
        return [queue for queue in _by_age(rows, now) if wanted is None or queue.skill in wanted]

    def _insert(self, seen: Allocation, change: Change, events: list[Any], line: list[Any], now: datetime) -> bool:
        _apply(seen, change.fields)
        seen.outbox, seen.history = events, line
        seen.outbox_due = now if events else None
        seen.created_at = seen.updated_at = now
        seen.version = 1
        try:
            with translated_errors():
                # Not by the mapper's save: that it is taken is all there is to know, and it happens often.
                seen.validate()
                self._collection().insert_one(seen.to_mongo())
        except BaseException as exc:
            seen.version = 0
            if isinstance(exc, Duplicate):
                return False
            raise
        return True

    def _compare_and_set(
        self, seen: Allocation, change: Change, events: list[Any], line: list[Any], now: datetime
    ) -> bool:
        update: dict[str, Any] = {"$set": {**change.fields, "updated_at": now}, "$inc": {"version": 1}}
        pushes: dict[str, Any] = {}
        if events:
            update["$set"]["outbox_due"] = now
            pushes["outbox"] = {"$each": events}
        if line:
            pushes["history"] = {"$each": line, "$slice": -HISTORY_LINES}
        if pushes:
            update["$push"] = pushes
        if not update_if(self._collection(), {"_id": seen.id, "version": seen.version}, update):
            return False
        _apply(seen, change.fields)
        seen.version += 1
        return True

    def _collection(self) -> Any:
        return Allocation._get_collection()  # noqa: SLF001 - mongoengine's documented way to the driver's collection


def queues_of(waiter: Allocation, now: datetime) -> list[Queue]:
    """Name the queues in which somebody stands by now: his own, and after a long wait that of his second language."""
    skills = [waiter.skill]
    if waiter.waiting_since is not None and waiter.waiting_since <= _accepts_since(now):
        skills.append(waiter.second_skill)
    return [Queue(waiter.org_id, skill) for skill in skills if skill]


_BULKY = ("history", "outbox", "decision", "revoked")
"""What grows, and what nobody looks at who reads many."""

_WAITS: Mapping[str, Any] = {"state": {"$in": [state.value for state in WAITING_STATES]}}


def _standing_in(queue: Queue, now: datetime, places: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Give the condition of those who stand in a queue at one of these places.

    Each alternative is whole: a planner answers it from one index, in the order of the queue, and merges them.
    """
    waits = {"org_id": queue.org_id, **_WAITS}
    accepts = {"waiting_since": {"$lte": _accepts_since(now)}}
    # What few documents meet comes first: an engine that looks at every document is soon done with the others.
    return {
        "$or": [
            {**standing, "$and": [waits, place]} if place else {**standing, **waits}
            for standing in ({"skill": queue.skill}, {"second_skill": queue.skill, **accepts})
            for place in places
        ]
    }


def _accepts_since(now: datetime) -> datetime:
    return now - RELAXED_AFTER[Requirement.FIRST_LANGUAGE]


def _by_age(rows: Iterable[Mapping[str, Any]], now: datetime) -> list[Queue]:
    """Order queues by their oldest head; a row counts for its second skill too once its oldest accepts it."""
    oldest: dict[Queue, datetime] = {}
    for row in rows:
        accepts = row["oldest"] <= _accepts_since(now)
        for skill in (row["skill"], row.get("second_skill") if accepts else None):
            if skill:
                queue = Queue(row["org_id"], skill)
                oldest[queue] = min(oldest.get(queue, row["oldest"]), row["oldest"])
    return sorted(oldest, key=oldest.__getitem__)


def _apply(seen: Allocation, fields: Any) -> None:
    for name, value in fields.items():
        setattr(seen, name, value)
