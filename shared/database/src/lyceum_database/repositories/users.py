"""The door to users."""

from lyceum_database.clock import Clock, utc_now
from lyceum_database.keys import email_key
from lyceum_database.models.user import User
from lyceum_database.repository import Repository


class UserRepository(Repository[User]):
    """Users, found by id or by what they sign in with."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(User, clock=clock)

    def by_email(self, email: str) -> User | None:
        """Return who has this address, in whatever spelling, or None."""
        return self._first(email_norm=email_key(email))

    def with_role(self, role_id: str, *, limit: int = 100, after_id: str | None = None) -> list[User]:
        """Return users who hold the role, in order of id."""
        return self.list_(roles=role_id, limit=limit, after_id=after_id)
