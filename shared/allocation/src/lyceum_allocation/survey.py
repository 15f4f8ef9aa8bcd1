"""Reads of many documents at once, for explanations and figures: streamed, of few fields, and never to decide by."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from lyceum_allocation.capacities import READ_FIELDS, candidate_of
from lyceum_allocation.models import Allocation, TrainerCapacity
from lyceum_allocation.rules import Candidate
from lyceum_allocation.states import WAITING_STATES
from lyceum_database import translated_errors

BATCH = 500
"""Documents in one answer of the server: some hundred kilobytes."""

Row = Mapping[str, Any]


class Survey:
    """Streams documents past, a batch at a time: memory does not grow with their number."""

    def teaching(self, *, org_id: str, subject: str) -> Iterator[Candidate]:
        """Yield every trainer of a subject, in whatever language."""
        # Anchored, so that it is a range of the index; `subject` is what keys.skill made of it.
        condition = {"org_id": org_id, "skills": {"$regex": f"^{re.escape(f'{subject}|')}"}}
        return map(candidate_of, _streamed(TrainerCapacity, condition, READ_FIELDS))

    def releases(self, *, org_id: str, skill: str) -> Iterator[Row]:
        """Yield skills, `freed` and `created_at` of the active trainers of a skill."""
        condition = {"org_id": org_id, "skills": skill, "active": True}
        return _streamed(TrainerCapacity, condition, ("skills", "freed", "created_at"))

    def loads(self) -> Iterator[Row]:
        """Yield how loaded each active trainer is, and when his present seats were taken."""
        fields = ("org_id", "skills", "capacity", "load", "util_milli", "seats.at")
        return _streamed(TrainerCapacity, {"active": True}, fields)

    def assigned_since(self, since: datetime, *, most: int) -> Iterator[Row]:
        """Yield what became of the latest allocations, the newest first."""
        fields = (
            *("org_id", "skill", "assigned_at", "decision.waited_s", "decision.conceded"),
            *("moved_at", "move_reason"),
        )
        return _streamed(Allocation, {"assigned_at": {"$gte": since}}, fields, order="assigned_at", most=most)

    def waiting(self) -> Iterator[Row]:
        """Yield the skill and the age of everybody who waits."""
        condition = {"state": {"$in": [state.value for state in WAITING_STATES]}}
        return _streamed(Allocation, condition, ("org_id", "skill", "waiting_since"))


def _streamed(
    model: Any, condition: Row, fields: Sequence[str], *, order: str | None = None, most: int = 0
) -> Iterator[Row]:
    with translated_errors():
        collection = model._get_collection()  # noqa: SLF001 - mongoengine's documented way to the driver's collection
        cursor = collection.find(condition, dict.fromkeys(fields, 1)).batch_size(BATCH)
        if order is not None:
            cursor = cursor.sort([(order, -1)]).limit(most)
        yield from cursor
