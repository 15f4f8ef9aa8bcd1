"""The services that routes ask for, each built once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from auth_service.accounts.service import AccountService
from auth_service.accounts.signing_up import SignUpService
from auth_service.audit.repository import AuditEntries
from auth_service.audit.service import AuditLog
from auth_service.figures import Acts, AuthFigures
from auth_service.invitations.acceptance import AcceptanceService
from auth_service.invitations.joining import Joining
from auth_service.invitations.service import InvitationService
from auth_service.models import Invitation
from auth_service.organizations.administrators import Administrators
from auth_service.organizations.repository import Organizations
from auth_service.organizations.service import OrganizationService
from auth_service.passwords.breaches import AnyOf, BreachList, CommonPasswords, HashFile
from auth_service.passwords.hashing import PasswordHasher
from auth_service.passwords.policy import PasswordRules
from auth_service.passwords.turns import Turns
from auth_service.people import People
from auth_service.ports import Standings, Tokens
from auth_service.roles.repository import Roles
from auth_service.roles.service import RoleService
from auth_service.sessions.issuing import Issuing
from auth_service.sessions.login import LoginService
from auth_service.sessions.refreshing import RefreshService
from auth_service.sessions.repository import Sessions
from auth_service.sessions.service import SessionService
from auth_service.settings import AuthSettings
from auth_service.throttling import Limiter, Throttle
from auth_service.users.service import UserService
from lyceum_database import Clock, Repository, utc_now
from lyceum_program.errors import StartRefused


def build_services(
    settings: AuthSettings, *, tokens: Tokens, standings: Standings, limiter: Limiter, clock: Clock = utc_now
) -> Mapping[type, Any]:
    """Build one of each, by class.

    Args:
        settings: of the program.
        tokens: makes access tokens.
        standings: is told what counts no longer.
        limiter: counts tries.
        clock: tells the time.

    Raises:
        StartRefused: the file of breached passwords cannot be used.
    """
    people, roles, sessions = People(clock=clock), Roles(clock=clock), Sessions(clock=clock)
    organizations, invitations = Organizations(clock=clock), Repository(Invitation, clock=clock)
    acts = Acts()
    audit = AuditLog(AuditEntries(clock=clock), told=acts.count, clock=clock)
    throttle = Throttle(limiter, settings.limits)
    hasher, rules = password_hasher(settings), password_rules(settings.breached_passwords)
    ending = SessionService(sessions, people, standings, audit, clock=clock)
    issuing = Issuing(tokens, roles, clock=clock)
    built = (
        audit,
        ending,
        hasher,
        AuthFigures(acts, hasher),
        SignUpService(people=people, hasher=hasher, rules=rules, throttle=throttle, audit=audit, clock=clock),
        LoginService(
            people=people,
            organizations=organizations,
            sessions=sessions,
            ending=ending,
            issuing=issuing,
            hasher=hasher,
            throttle=throttle,
            audit=audit,
            lifetime=settings.session_lifetime,
            clock=clock,
        ),
        RefreshService(
            people=people,
            organizations=organizations,
            sessions=sessions,
            ending=ending,
            issuing=issuing,
            throttle=throttle,
            audit=audit,
            clock=clock,
        ),
        RoleService(roles, standings, audit),
        OrganizationService(organizations=organizations, people=people, roles=roles, audit=audit, clock=clock),
        UserService(
            people=people,
            roles=roles,
            administrators=Administrators(organizations, people, clock=clock),
            sessions=ending,
            standings=standings,
            audit=audit,
            clock=clock,
        ),
        InvitationService(
            invitations=invitations, roles=roles, audit=audit, lifetime=settings.invitation_lifetime, clock=clock
        ),
        AcceptanceService(
            invitations=invitations,
            people=people,
            roles=roles,
            organizations=organizations,
            joining=Joining(people=people, roles=roles, hasher=hasher, rules=rules, clock=clock),
            standings=standings,
            throttle=throttle,
            audit=audit,
            clock=clock,
        ),
        AccountService(
            people=people,
            organizations=organizations,
            sessions=ending,
            hasher=hasher,
            rules=rules,
            throttle=throttle,
            audit=audit,
        ),
    )
    return {type(one): one for one in built}


def password_hasher(settings: AuthSettings) -> PasswordHasher:
    """Build what hashes passwords, behind its queue."""
    turns = Turns(width=settings.hashes_at_once, waiting=settings.hashes_waiting, patience_s=settings.hash_wait_s)
    return PasswordHasher(settings.hash_cost, turns)


def password_rules(path: Path | None) -> PasswordRules:
    """Build what refuses passwords: those of the bundled list, and of a file if there is one.

    Raises:
        StartRefused: the file of breached passwords cannot be used.
    """
    bundled: BreachList = CommonPasswords.bundled()
    if path is None:
        return PasswordRules(bundled)
    try:
        return PasswordRules(AnyOf(bundled, HashFile(path)))
    except OSError as exc:
        raise StartRefused(f"AUTH_BREACHED_PASSWORDS {path}: {exc.strerror or exc}") from exc
    except ValueError as exc:
        raise StartRefused(
            f"AUTH_BREACHED_PASSWORDS {path}: give a sorted file of SHA-1 hashes, one HASH:count per line"
        ) from exc
