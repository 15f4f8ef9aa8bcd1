"""The door to users, with what only this service does there."""

from datetime import UTC, datetime

from lyceum_database import DEFAULT_ORG, User, UserRepository, translated_errors
from lyceum_database.states import UserStatus

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


_STRANGER = User(
    id="nobody",
    email="nobody@example.org",
    email_norm="nobody@example.org",
    name="Nobody",
    roles=["nobody"],
    org_ids=[DEFAULT_ORG],
    status=UserStatus.ERASED.value,
    password_hash="none",  # noqa: S106 - of nobody, and no hash
    created_at=EPOCH,
    updated_at=EPOCH,
    version=1,
).to_mongo()
"""As an account looks in the database, for as much work."""


class People(UserRepository):
    """Users, as those who sign in and those who look after them see them."""

    def stranger(self) -> User:
        """Return nobody's account, at the cost of reading somebody's: an address without one is no sooner refused."""
        made: User = self.model._from_son(_STRANGER)  # noqa: SLF001 - what a query makes of a document, nothing public does
        return made

    def page_of(self, org_id: str, *, after_id: str | None, limit: int, **equals: str) -> list[User]:
        """Return members of the organization whose fields equal these values, in order of id."""
        return self.list_(org_ids=org_id, after_id=after_id, limit=limit, **equals)

    def member(self, user_id: str, org_id: str) -> User | None:
        """Return this member of the organization, or None: another organization's people are not there."""
        return self._first(pk=user_id, org_ids=org_id)

    def active_with_role(self, role_id: str) -> list[User]:
        """Return everybody who holds the role and may sign in."""
        return self._select(order="pk", roles=role_id, status=UserStatus.ACTIVE.value)

    def signed_in(self, user_id: str, at: datetime) -> None:
        """Note when the person last signed in. It is no change that a writer has to have seen, so no new version."""
        with translated_errors():
            self.model.objects(pk=user_id).update_one(max__last_login_at=at)
