"""The door to orders."""

from datetime import datetime

from course_service.changes import ChangingRepository
from course_service.models import Purchase
from lyceum_database import Clock, translated_errors, utc_now
from lyceum_database.conditional import update_if
from lyceum_database.keys import compose
from lyceum_database.repository import PAGE


class PurchaseRepository(ChangingRepository[Purchase]):
    """Orders, found by id, by who clicked, by payment, or by what is left to do."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(Purchase, clock=clock)

    def by_key(self, org_id: str, student_id: str, key_sha256: str) -> Purchase | None:
        """Return the order that the student gave with the idempotency key of this SHA-256."""
        return self._first(order_key=compose(org_id, student_id, key_sha256))

    def by_reference(self, provider: str, reference: str) -> Purchase | None:
        """Return the order that is paid by this payment."""
        return self._first(payment_key=compose(provider, reference))

    def newest(
        self,
        *,
        org_id: str,
        student_id: str | None = None,
        course_id: str | None = None,
        before_id: str | None = None,
        limit: int = PAGE,
    ) -> list[Purchase]:
        """Return orders, the newest first, from behind `before_id` on."""
        wanted = {"student_id": student_id, "course_id": course_id, "pk__lt": before_id}
        given = {name: value for name, value in wanted.items() if value is not None}
        return self._select(order="-pk", limit=limit, org_id=org_id, **given)

    def unsettled(self, now: datetime, *, limit: int = PAGE) -> list[Purchase]:
        """Return orders that still have to bring something about, those due first."""
        return self._select(order="settle_due", limit=limit, settle_due__lte=now)

    def settled(self, seen: Purchase) -> bool:
        """Note that nothing is left to do, unless the order was changed since it was read."""
        return update_if(self._collection(), {"_id": seen.id, "version": seen.version}, {"$unset": {"settle_due": ""}})

    def postpone(self, seen: Purchase, until: datetime) -> bool:
        """Leave the order alone for a while; False if somebody else took it, or changed it."""
        mine = {"_id": seen.id, "version": seen.version, "settle_due": seen.settle_due}
        return update_if(self._collection(), mine, {"$set": {"settle_due": until}})

    def count_unsettled(self) -> int:
        """Count orders with something left to do."""
        with translated_errors():
            return int(self._collection().count_documents({"settle_due": {"$exists": True}}))
