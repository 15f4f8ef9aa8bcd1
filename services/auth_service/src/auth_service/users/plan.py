"""What a change of somebody's rights comes to, before anything is written. Pure."""

from dataclasses import dataclass
from typing import Self

from auth_service.roles.builtin import ADMIN, role_id
from lyceum_database import Role, User
from lyceum_database.states import UserStatus


@dataclass(frozen=True, slots=True)
class Account:
    """What counts of an account here, as it was read: a document in hand changes while it is written."""

    status: str
    roles: tuple[str, ...]
    org_ids: tuple[str, ...]

    @classmethod
    def of(cls, user: User) -> Self:
        """Note what it is."""
        return cls(user.status, tuple(user.roles), tuple(user.org_ids))


@dataclass(frozen=True, slots=True)
class Plan:
    """A person as they are, and as they will be in one organization.

    Attributes:
        before: what the account was when it was read.
        held: roles that they have in the organization.
        roles: those that they will have.
        status: that they will have.
        reason: of whoever changes it.
        org_id: the organization.
    """

    before: Account
    held: tuple[Role, ...]
    roles: tuple[Role, ...]
    status: str
    reason: str
    org_id: str

    @property
    def regraded(self) -> bool:
        """Whether the roles differ."""
        return {role.id for role in self.held} != {role.id for role in self.roles}

    @property
    def suspends(self) -> bool:
        """Whether the person can sign in no more."""
        return self.status != self.before.status and self.status == UserStatus.SUSPENDED.value

    @property
    def reactivates(self) -> bool:
        """Whether the person can sign in again."""
        return self.status != self.before.status and self.status == UserStatus.ACTIVE.value

    @property
    def idle(self) -> bool:
        """Whether nothing differs."""
        return not self.regraded and self.status == self.before.status

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the roles to be."""
        return tuple(role.name for role in self.roles)

    @property
    def role_ids(self) -> list[str]:
        """What the account lists from then on: these roles, and whatever it has elsewhere."""
        here = {role.id for role in self.held}
        return [*(one for one in self.before.roles if one not in here), *(role.id for role in self.roles)]

    @property
    def left(self) -> list[str]:
        """Organizations that lose an administrator who could have acted until now."""
        if self.before.status != UserStatus.ACTIVE.value:
            return []
        if self.suspends:
            return [org_id for org_id in self.before.org_ids if role_id(org_id, ADMIN) in self.before.roles]
        admin = role_id(self.org_id, ADMIN)
        return [self.org_id] if admin in self.before.roles and admin not in self.role_ids else []
