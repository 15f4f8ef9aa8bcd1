"""Accepting an invitation: once, by its address, and only what its inviter could still hand out."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from auth_service.audit.service import AuditLog
from auth_service.callers import Caller
from auth_service.contention import until_settled
from auth_service.invitations.exceptions import InvitationEnded, InvitationUsed, NoSuchInvitation
from auth_service.invitations.joining import Joining, NewMember
from auth_service.invitations.rules import check_open
from auth_service.invitations.service import Invitations
from auth_service.models import Invitation
from auth_service.opaque_token import OpaqueToken
from auth_service.people import People
from auth_service.ports import Standings
from auth_service.roles.exceptions import Escalation
from auth_service.roles.repository import Roles
from auth_service.roles.rules import check_grant
from auth_service.sessions.rules import may_act
from auth_service.states import AuditAction, InvitationStatus
from auth_service.throttling import Throttle
from lyceum_database import DEFAULT_ORG, Clock, Organization, OrganizationRepository, Role, StaleVersion, User, utc_now
from lyceum_database.keys import normalised_email

CLAIM = timedelta(seconds=60)
"""How long one acceptance keeps others out; after a crash in between, somebody may try again then."""

INVITE = "invitations:write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """What somebody accepts an invitation with.

    Attributes:
        token: as it was handed to them.
        member: who they are; with an account, its password.
    """

    token: str = field(repr=False)
    member: NewMember


@dataclass(frozen=True, slots=True)
class Joined:
    """Who belongs to which organization now, with which roles from this invitation."""

    user: User
    organization: Organization
    roles: tuple[Role, ...]


class AcceptanceService:
    """Lets invited people in."""

    def __init__(  # noqa: PLR0913 - everything that an acceptance touches
        self,
        *,
        invitations: Invitations,
        people: People,
        roles: Roles,
        organizations: OrganizationRepository,
        joining: Joining,
        standings: Standings,
        throttle: Throttle,
        audit: AuditLog,
        clock: Clock = utc_now,
    ) -> None:
        self._invitations = invitations
        self._people = people
        self._roles = roles
        self._organizations = organizations
        self._joining = joining
        self._standings = standings
        self._throttle = throttle
        self._audit = audit
        self._clock = clock

    def accept(self, acceptance: Acceptance, caller: Caller) -> Joined:
        """Give the invited address its roles: on its account, or on a new one.

        Raises:
            Throttled: too many tries from this address, or for this account.
            NoSuchInvitation: no such token, or it is for another address.
            InvitationExpired, InvitationUsed, InvitationEnded: it is no longer good.
            WrongCredentials: the address has an account with another password, or one that may not sign in.
            WeakPassword: the password of a new account would be guessed.
            Overloaded: too many passwords are being hashed.
        """
        self._throttle.token(caller.address)
        invitation = self._found(acceptance, caller)
        check_open(invitation, self._clock())
        organization, roles = self._still_good(invitation)
        self._throttle.password(account=invitation.email_norm, address=caller.address)
        candidate = self._joining.proven(acceptance.member, invitation.email)
        with self._claimed(invitation, candidate.id):
            user = self._joining.join(candidate, invitation.org_id, roles, by=invitation.invited_by)
        self._standings.forget_all()
        self._audit.record(
            AuditAction.INVITATION_ACCEPTED,
            org_id=invitation.org_id,
            caller=caller,
            actor_id=user.id,
            target_id=invitation.id,
            roles=", ".join(role.name for role in roles),
        )
        return Joined(user, organization, roles)

    def _found(self, acceptance: Acceptance, caller: Caller) -> Invitation:
        token = OpaqueToken.parsed(acceptance.token)
        found = None if token is None else self._invitations.find(token.document_id)
        if token is not None and found is not None and token.has(found.token_hash):
            if found.email_norm == normalised_email(acceptance.member.email):
                return found
            self._refused(found.org_id, found.id, caller)
        else:
            self._refused(DEFAULT_ORG, None, caller)
        raise NoSuchInvitation

    def _still_good(self, invitation: Invitation) -> tuple[Organization, tuple[Role, ...]]:
        """The inviter may have lost rights since, and a role may permit more: what counts is what is so now."""
        inviter = self._people.find(invitation.invited_by)
        organization = self._organizations.find(invitation.org_id)
        roles = tuple(self._roles.of(invitation.roles, org_id=invitation.org_id))
        if inviter is None or organization is None or not may_act(inviter, organization):
            raise InvitationEnded
        own = self._roles.of(inviter.roles, org_id=invitation.org_id)
        held = {permission for role in own for permission in role.permissions}
        try:
            check_grant(held, (INVITE,), *(role.permissions for role in roles))
        except Escalation as exc:
            raise InvitationEnded from exc
        return organization, roles

    @contextmanager
    def _claimed(self, invitation: Invitation, user_id: str) -> Iterator[None]:
        """Keep all others out for the length of the block; when it ends well, for ever."""
        now = self._clock()
        invitation.status, invitation.accepted_by = InvitationStatus.ACCEPTING.value, user_id
        invitation.claimed_until = now + CLAIM
        try:
            self._invitations.save(invitation)
        except StaleVersion:
            raise InvitationUsed from None
        try:
            yield
        except BaseException:
            until_settled(partial(self._settle, invitation.id, user_id, InvitationStatus.PENDING))
            raise
        until_settled(partial(self._settle, invitation.id, user_id, InvitationStatus.ACCEPTED))

    def _settle(self, invitation_id: str, user_id: str, status: InvitationStatus) -> None:
        found = self._invitations.get(invitation_id)
        if found.status != InvitationStatus.ACCEPTING.value or found.accepted_by != user_id:
            return
        found.status, found.claimed_until = status.value, None
        if status is InvitationStatus.ACCEPTED:
            found.accepted_at = self._clock()
        else:
            found.accepted_by = None
        self._invitations.save(found)

    def _refused(self, org_id: str, invitation_id: str | None, caller: Caller) -> None:
        self._audit.record(AuditAction.INVITATION_REFUSED, org_id=org_id, caller=caller, target_id=invitation_id)
