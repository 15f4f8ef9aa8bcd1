"""The door to what providers told."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from course_service.models import WebhookEvent
from course_service.states import WebhookStatus
from lyceum_database import Clock, Repository, translated_errors, utc_now
from lyceum_database.conditional import update_if
from lyceum_database.keys import compose
from lyceum_database.repository import PAGE


class WebhookEventRepository(Repository[WebhookEvent]):
    """Events, found by what the provider calls them, or by when they are due."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(WebhookEvent, clock=clock)

    def by_event_id(self, provider: str, event_id: str) -> WebhookEvent | None:
        """Return what is known of a provider's event."""
        return self._first(event_key=compose(provider, event_id))

    def named(self, event_id: str, providers: Iterable[str]) -> list[WebhookEvent]:
        """Return the events that any of these providers calls so."""
        return self._select(order="received_at", event_key__in=[compose(name, event_id) for name in providers])

    def due(self, now: datetime, *, limit: int = PAGE) -> list[WebhookEvent]:
        """Return events that wait to be acted upon, those due first."""
        return self._select(order="due", limit=limit, due__lte=now)

    def claim(self, seen: WebhookEvent, until: datetime) -> bool:
        """Take an event for a try, and leave it alone until then; False if somebody else has it, or it is done."""
        update = {"$set": {"due": until, "updated_at": self._clock()}, "$inc": {"tries": 1, "version": 1}}
        if not update_if(self._collection(), {"_id": seen.id, "version": seen.version, "due": seen.due}, update):
            return False
        seen.due, seen.tries, seen.version = until, seen.tries + 1, seen.version + 1
        return True

    def finish(self, event_id: str, status: WebhookStatus, outcome: str) -> None:
        """Note that nothing is left to do, and what came of it."""
        now = self._clock()
        told = {"status": status.value, "outcome": outcome, "processed_at": now, "updated_at": now}
        open_ = {"_id": event_id, "status": WebhookStatus.RECEIVED.value}
        update_if(self._collection(), open_, {"$set": told, "$unset": {"due": ""}, "$inc": {"version": 1}})

    def note(self, event_id: str, outcome: str) -> None:
        """Note why nothing came of it yet."""
        update_if(
            self._collection(),
            {"_id": event_id, "status": WebhookStatus.RECEIVED.value},
            {"$set": {"outcome": outcome}},
        )

    def of_status(self, status: WebhookStatus, *, limit: int = PAGE) -> list[WebhookEvent]:
        """Return events of a status, those first that were received first."""
        return self._select(order="received_at", limit=limit, status=status.value)

    def rearm(self, seen: WebhookEvent, now: datetime) -> bool:
        """Let an event be acted upon once more; False if somebody changed it meanwhile."""
        anew = {"status": WebhookStatus.RECEIVED.value, "due": now, "updated_at": self._clock()}
        update = {"$set": anew, "$unset": {"processed_at": ""}, "$inc": {"version": 1}}
        return update_if(self._collection(), {"_id": seen.id, "version": seen.version}, update)

    def count(self, status: WebhookStatus) -> int:
        """Count events of a status."""
        with translated_errors():
            return int(self._collection().count_documents({"status": status.value}))

    def _collection(self) -> Any:
        return WebhookEvent._get_collection()  # noqa: SLF001 - mongoengine's documented way to the driver's collection
