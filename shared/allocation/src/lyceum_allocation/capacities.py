"""The door to trainers' capacity: seats are taken and given back by single conditional updates."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from lyceum_allocation.allocations import Queue
from lyceum_allocation.choice import Supply
from lyceum_allocation.models import TrainerCapacity
from lyceum_allocation.rules import FULL_MILLI, Candidate, utilisation_milli
from lyceum_allocation.waiting_time import FREED_KEPT
from lyceum_database import Clock, Repository, translated_errors, utc_now
from lyceum_database.conditional import update_if

PAGE = 20
"""Candidates in one read: the best are at the front, so a second page is needed only when hours or exclusions rule
out a whole one."""

LEAST_AHEAD = timedelta(minutes=1)
"""Clocks of hosts that are kept in time never differ by so much."""

READ_FIELDS = (
    "skills", "avail", "active", "on_leave_until", "capacity", "load", "free", "max_new_per_day", "new_on",
    "new_that_day", "last_assigned_at", "version",
)  # fmt: skip


class CapacityRepository(Repository[TrainerCapacity]):
    """Trainers' capacity. Every write of seats carries the version that was read."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(TrainerCapacity, clock=clock)

    def candidates(self, queue: Queue, *, skip: int = 0, limit: int = PAGE) -> list[Candidate]:
        """List trainers of a skill with a free seat, least utilised first."""
        condition = {"skills": queue.skill, "org_id": queue.org_id, "active": True, "free": {"$gte": 1}}
        # Says the same as the free seat, but of a field of the index: of a skill that is full, nobody is read.
        condition["util_milli"] = {"$lt": FULL_MILLI}
        order = [("util_milli", 1), ("last_assigned_at", 1), ("_id", 1)]
        with translated_errors():
            found = self._collection().find(condition, dict.fromkeys(READ_FIELDS, 1))
            return [candidate_of(row) for row in found.sort(order).skip(skip).limit(limit)]

    def supply(self, queue: Queue) -> Supply:
        """Count the trainers of a skill and of its subject, in one read."""
        subject = queue.skill.partition("|")[0]
        now = self._clock()
        teaches = {"$in": [queue.skill, "$skills"]}
        works = {"$and": [teaches, "$active", {"$lte": [{"$ifNull": ["$on_leave_until", now]}, now]}]}
        has_seat = {"$and": [works, {"$gt": ["$free", 0]}]}
        counts = {
            name: {"$sum": {"$cond": [test, 1, 0]}}
            for name, test in (("skill", teaches), ("active", works), ("free", has_seat))
        }
        stages = [
            {"$match": {"org_id": queue.org_id, "skills": {"$regex": f"^{re.escape(subject + '|')}"}}},
            {"$group": {"_id": None, "subject": {"$sum": 1}, **counts}},
        ]
        with translated_errors():
            rows = list(self._collection().aggregate(stages))
        return Supply(**{name: rows[0][name] for name in ("subject", "skill", "active", "free")}) if rows else Supply()

    def find_candidate(self, trainer_id: str) -> Candidate | None:
        """Read one trainer again."""
        with translated_errors():
            row = self._collection().find_one({"_id": trainer_id}, dict.fromkeys(READ_FIELDS, 1))
        return None if row is None else candidate_of(row)

    def claim(self, candidate: Candidate, key: str, *, weight: int = 1) -> bool:
        """Take a seat if the trainer is still as he was read, has room, and holds no seat of this key.

        The choice of a trainer may be stale, the claim cannot: capacity is checked in the write that takes it.
        """
        now = self._clock()
        after = candidate.with_seat(weight, now)
        condition = {
            "_id": candidate.trainer_id,
            "version": candidate.version,
            "active": True,
            "free": {"$gte": weight},
            "seats.k": {"$ne": key},
        }
        update = {
            "$push": {"seats": {"k": key, "w": weight, "at": now}},
            "$inc": {"load": weight, "free": -weight, "version": 1},
            "$set": {
                "util_milli": after.util_milli,
                "last_assigned_at": now,
                "new_on": after.new_on,
                "new_that_day": after.new_that_day,
                "updated_at": now,
            },
        }
        return update_if(self._collection(), condition, update)

    def holders(self, keys: Iterable[str]) -> list[TrainerCapacity]:
        """List the trainers who hold a seat of one of these keys."""
        with translated_errors():
            return list(TrainerCapacity.objects(__raw__={"seats.k": {"$in": list(keys)}}))

    def with_seats(self, *, after_id: str | None, limit: int = 100) -> list[TrainerCapacity]:
        """List trainers who hold any seat, in order of id."""
        return self.list_(after_id=after_id, limit=limit, load__gt=0)

    def due_for_judgement(self, *, not_since: datetime, limit: int = 100) -> dict[str, list[str]]:
        """List trainers at whose seats nobody looked since then, the longest neglected first.

        Also those without students: left out, they would stand at the front for ever and be read in vain each time.

        Returns:
            The keys of each one's seats, by his id.
        """
        now = self._clock()
        # Noted by a host whose clock is ahead: for as long as that, nobody else would look.
        ahead = now + max(now - not_since, LEAST_AHEAD)
        unseen = {"$or": [{"judged_at": None}, {"judged_at": {"$lte": not_since}}, {"judged_at": {"$gt": ahead}}]}
        with translated_errors():
            rows = self._collection().find(unseen, {"seats.k": 1}).sort([("judged_at", 1), ("_id", 1)]).limit(limit)
            return {row["_id"]: [seat["k"] for seat in row.get("seats", ())] for row in rows}

    def mark_judged(self, trainer_ids: Iterable[str]) -> None:
        """Note that somebody looks at the seats of these trainers now; no version changes, no writer is disturbed."""
        with translated_errors():
            self._collection().update_many({"_id": {"$in": list(trainer_ids)}}, {"$set": {"judged_at": self._clock()}})

    def release(self, seen: TrainerCapacity, key: str) -> bool:
        """Give a seat back, if the trainer is still as he was read.

        Returns:
            False if somebody else was faster: read again. A seat that is gone already counts as given back.
        """
        weight = sum(seat.w for seat in seen.seats if seat.k == key)
        if weight == 0:
            return True
        now = self._clock()
        return update_if(
            self._collection(),
            {"_id": seen.id, "version": seen.version, "seats.k": key},
            {
                "$pull": {"seats": {"k": key}},
                "$push": {"freed": {"$each": [now], "$slice": -FREED_KEPT}},
                "$inc": {"load": -weight, "free": weight, "version": 1},
                "$set": {
                    "util_milli": utilisation_milli(seen.load - weight, seen.capacity),
                    "updated_at": now,
                },
            },
        )

    def revise(self, seen: TrainerCapacity, *, skills: list[str], capacity: int) -> bool:
        """Set what a trainer teaches and how many he takes; seats stay. False as for `release`."""
        return update_if(
            self._collection(),
            {"_id": seen.id, "version": seen.version},
            {
                "$inc": {"version": 1},
                "$set": {
                    "skills": skills,
                    "capacity": capacity,
                    "free": capacity - seen.load,
                    "overdraft": max(0, seen.load - capacity),
                    "util_milli": utilisation_milli(seen.load, capacity),
                    "updated_at": self._clock(),
                },
            },
        )

    def mark(self, seen: TrainerCapacity, *, active: bool, on_leave_until: datetime | None, actor: str) -> bool:
        """Set whether and until when a trainer is away; seats stay. False as for `release`."""
        state = {"active": active, "on_leave_until": on_leave_until, "leave_actor": actor, "updated_at": self._clock()}
        condition = {"_id": seen.id, "version": seen.version}
        return update_if(self._collection(), condition, {"$inc": {"version": 1}, "$set": state})

    def away(self, *, now: datetime) -> list[TrainerCapacity]:
        """List trainers who hold seats though they are on leave or have left."""
        condition = {"load": {"$gt": 0}, "$or": [{"active": False}, {"on_leave_until": {"$gt": now}}]}
        with translated_errors():
            return list(TrainerCapacity.objects(__raw__=condition))

    def _collection(self) -> Any:
        return TrainerCapacity._get_collection()  # noqa: SLF001 - mongoengine's documented way to the driver's collection


_SETS: dict[str, Callable[[Any], Any]] = {"skills": frozenset, "avail": frozenset}


def candidate_of(row: Mapping[str, Any]) -> Candidate:
    """Read from a stored trainer what the choice looks at."""
    read = {name: row[name] for name in READ_FIELDS if name in row}
    return Candidate(
        trainer_id=row["_id"], **{name: _SETS[name](value) if name in _SETS else value for name, value in read.items()}
    )
