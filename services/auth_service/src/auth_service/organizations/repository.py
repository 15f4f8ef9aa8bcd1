"""The door to organizations, with what only this service does there."""

from collections.abc import Iterable
from datetime import datetime

from lyceum_database import Organization, OrganizationRepository, translated_errors


class Organizations(OrganizationRepository):
    """Organizations, and the turn of whoever takes an administrator away from one."""

    def page_among(self, ids: Iterable[str], *, after_id: str | None, limit: int) -> list[Organization]:
        """Return those of these organizations that there are, in order of id."""
        later = {} if after_id is None else {"pk__gt": after_id}
        return self._select(order="pk", limit=limit, pk__in=list(ids), **later)

    def take_turn(self, org_id: str, token: str, *, now: datetime, until: datetime) -> bool:
        """Take the turn if nobody has it, or its time is over; tells whether it was taken. No new version."""
        free = [{"admin_turn": None}, {"admin_turn_until": {"$lte": now}}]
        with translated_errors():
            taken = self.model.objects(__raw__={"_id": org_id, "$or": free}).update(
                set__admin_turn=token, set__admin_turn_until=until, multi=False
            )
        return bool(taken)

    def give_turn_back(self, org_id: str, token: str) -> None:
        """End the turn that this token took, if it still has it."""
        with translated_errors():
            self.model.objects(pk=org_id, admin_turn=token).update(
                unset__admin_turn=True, unset__admin_turn_until=True, multi=False
            )
