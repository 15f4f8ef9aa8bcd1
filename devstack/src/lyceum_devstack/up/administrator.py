"""The first way in: an administrator with a password that nobody else knows."""

import secrets
from dataclasses import dataclass, field

from auth_service.accounts.new_account import NewAccount
from auth_service.audit.repository import AuditEntries
from auth_service.audit.service import AuditLog
from auth_service.passwords.hashing import Argon2Cost, PasswordHasher
from auth_service.passwords.turns import Turns
from auth_service.people import People
from auth_service.roles.builtin import ADMIN, role_id
from auth_service.roles.repository import Roles
from auth_service.services import password_rules
from auth_service.users.appointing import Appointing
from lyceum_database import DEFAULT_ORG, OrganizationRepository

EMAIL = "admin@lyceum.test"
"""No mail reaches it: `.test` belongs to nobody (RFC 6761)."""


@dataclass(frozen=True, slots=True)
class WayIn:
    """What to sign in with."""

    email: str
    password: str = field(repr=False)


def first_administrator() -> WayIn | None:
    """Make an administrator of the default organization, unless it has one that can sign in.

    Raises:
        Duplicate: the address has an account, which is no administrator.
    """
    people = People()
    if people.active_with_role(role_id(DEFAULT_ORG, ADMIN)):
        return None
    appointing = Appointing(
        people=people,
        roles=Roles(),
        hasher=PasswordHasher(Argon2Cost(), Turns(width=1, waiting=0, patience_s=1)),
        rules=password_rules(None),
        audit=AuditLog(AuditEntries()),
    )
    way_in = WayIn(EMAIL, secrets.token_urlsafe(12))
    account = NewAccount(email=way_in.email, password=way_in.password, name="Administrator")
    appointing.create(account, OrganizationRepository().get(DEFAULT_ORG))
    return way_in
