"""Changes of documents by compare-and-set, each in one write with the events that report it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from course_service.outbox import entry
from lyceum_contracts import Event
from lyceum_database import Record, Repository, translated_errors
from lyceum_database.conditional import update_if

M = TypeVar("M", bound=Record)


@dataclass(frozen=True, slots=True)
class Change:
    """What a decision writes.

    Attributes:
        fields: new values; None takes the field away.
        events: what the change tells the world, in order.
    """

    fields: Mapping[str, Any]
    events: tuple[Event, ...] = ()


class ChangingRepository(Repository[M]):
    """Documents that are inserted whole and then changed field by field, each time only as they were read."""

    def change(self, seen: M, change: Change, *, cause_id: str | None = None) -> bool:
        """Apply a change to the version that was read.

        Returns:
            False if somebody else was faster: nothing was written. `seen` is spoiled then: read again, decide again.

        Raises:
            InvalidRecord: the document would break its own rules; nothing was written.
        """
        now = self._clock()
        update = self._update(seen, {**change.fields, "updated_at": now})
        if change.events:
            update["$push"] = {"outbox": {"$each": self._entries(seen, change.events, cause_id, now)}}
            update["$set"]["outbox_due"] = now
        return self._apply(seen, update)

    def put(self, record: M, events: Sequence[Event], *, cause_id: str | None = None) -> M:
        """Store a new document with the events that report it.

        Raises:
            Duplicate: as `insert`.
        """
        now = self._clock()
        document: Any = record
        document.outbox = self._entries(record, events, cause_id, now)
        document.outbox_due = now if events else None
        return self.insert(record)

    def _update(self, seen: M, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Say it in the database's words, once the whole document was found fit."""
        for name, value in fields.items():
            setattr(seen, name, value)
        with translated_errors():
            seen.validate(clean=True)
        stored = seen.to_mongo()
        keys = [name for name, field in seen._fields.items() if set(getattr(field, "key_parts", ())) & fields.keys()]
        present: dict[str, Any] = {}
        absent: dict[str, Any] = {}
        for name in (*fields, *keys):
            if name in stored:
                present[name] = stored[name]
            else:
                absent[name] = ""
        return {"$set": present, "$inc": {"version": 1}, **({"$unset": absent} if absent else {})}

    def _entries(self, seen: M, events: Sequence[Event], cause_id: str | None, now: datetime) -> list[dict[str, Any]]:
        version, org_id = seen.version + 1, seen.org_id
        about: dict[str, Any] = {"aggregate_id": seen.id, "version": version, "org_id": org_id, "cause_id": cause_id}
        return [dict(entry(event, **about, now=now)) for event in events]

    def _apply(self, seen: M, update: Mapping[str, Any]) -> bool:
        if not update_if(self._collection(), {"_id": seen.id, "version": seen.version}, update):
            return False
        seen.version += 1
        return True

    def _collection(self) -> Any:
        return self.model._get_collection()  # noqa: SLF001 - mongoengine's documented way to the driver's collection
