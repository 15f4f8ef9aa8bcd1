"""An account that is made, whoever makes it."""

from dataclasses import dataclass, field
from datetime import datetime

from auth_service.outbox import report
from auth_service.roles.builtin import role_id
from lyceum_contracts import UserRegistered
from lyceum_database import User
from lyceum_database.states import UserStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """What an account is made with; the address in the form that is stored."""

    email: str = field(repr=False)
    password: str = field(repr=False)
    name: str
    locale: str = "en"
    tz: str = "UTC"


def registered(account: NewAccount, password_hash: str, *, org_id: str, role: str, now: datetime) -> User:
    """Return the account with the event that tells of it, to be stored in one write.

    Args:
        account: what it is made with.
        password_hash: of its password.
        org_id: the organization that it belongs to.
        role: the built-in role that it has there.
        now: when it is made.
    """
    user = User(
        email=account.email,
        name=account.name,
        locale=account.locale,
        tz=account.tz,
        roles=[role_id(org_id, role)],
        org_ids=[org_id],
        status=UserStatus.ACTIVE.value,
        password_hash=password_hash,
    )
    report(user, UserRegistered(user_id=user.id, roles=(role,), registered_at=now), org_id=org_id, now=now)
    return user
