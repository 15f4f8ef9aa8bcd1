"""Inviting people, and withdrawing it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from auth_service.audit.service import AuditLog
from auth_service.callers import Caller
from auth_service.contention import until_settled
from auth_service.invitations.exceptions import InvitationUsed
from auth_service.invitations.rules import is_free, shown_status
from auth_service.models import Invitation
from auth_service.opaque_token import OpaqueToken
from auth_service.roles.exceptions import UnknownRole
from auth_service.roles.repository import Roles
from auth_service.roles.rules import check_grant
from auth_service.states import AuditAction, InvitationStatus
from lyceum_database import Clock, Repository, utc_now
from lyceum_database.keys import normalised_email
from lyceum_web.security import Principal

Invitations = Repository[Invitation]


@dataclass(frozen=True, slots=True)
class Wish:
    """Whom to invite, and as what.

    Attributes:
        id: for the invitation.
        email: in the form that is stored.
        roles: their names.
    """

    id: str
    email: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Viewed:
    """An invitation with the names of its roles, and what it is good for now."""

    invitation: Invitation
    roles: tuple[str, ...]
    status: str


class InvitationService:
    """Invitations of an organization."""

    def __init__(
        self,
        *,
        invitations: Invitations,
        roles: Roles,
        audit: AuditLog,
        lifetime: timedelta,
        clock: Clock = utc_now,
    ) -> None:
        self._invitations = invitations
        self._roles = roles
        self._audit = audit
        self._lifetime = lifetime
        self._clock = clock

    def invite(self, wanted: Wish, *, by: Principal, caller: Caller) -> Viewed:
        """Ask an address to join the organization with these roles. Nobody can accept before `token_for`.

        Raises:
            UnknownRole: the organization has no such role.
            Escalation: a role permits more than its inviter may.
            Duplicate: there is an invitation of this id.
        """
        roles = self._roles.named(wanted.roles, org_id=by.org_id)
        missing = wanted.roles - {role.name for role in roles}
        if missing:
            raise UnknownRole(missing)
        check_grant(by.permissions, *(role.permissions for role in roles))
        invitation = self._invitations.insert(
            Invitation(
                id=wanted.id,
                org_id=by.org_id,
                email=wanted.email,
                email_norm=normalised_email(wanted.email),
                roles=[role.id for role in roles],
                invited_by=by.user_id,
                token_hash=OpaqueToken.new(wanted.id).digest,
                expires_at=self._clock() + self._lifetime,
            )
        )
        self._record(AuditAction.INVITED, invitation, by, caller, roles=", ".join(sorted(wanted.roles)))
        return self._viewed([invitation], by.org_id)[0]

    def token_for(self, invitation_id: str, org_id: str) -> OpaqueToken | None:
        """Return a new token, which alone is good from now on; None if the invitation can be accepted no more."""
        return until_settled(partial(self._token_for, invitation_id, org_id))

    def _token_for(self, invitation_id: str, org_id: str) -> OpaqueToken | None:
        invitation = self._invitations.get(invitation_id, org_id=org_id)
        if shown_status(invitation, self._clock()) != InvitationStatus.PENDING.value:
            return None
        token = OpaqueToken.new(invitation.id)
        invitation.token_hash = token.digest
        self._invitations.save(invitation)
        return token

    def page(self, org_id: str, *, after_id: str | None, limit: int) -> list[Viewed]:
        """Return the organization's invitations."""
        return self._viewed(self._invitations.list_(org_id=org_id, after_id=after_id, limit=limit), org_id)

    def get(self, invitation_id: str, org_id: str) -> Viewed:
        """Return one of the organization's invitations.

        Raises:
            NotFound: it has no such invitation.
        """
        return self._viewed([self._invitations.get(invitation_id, org_id=org_id)], org_id)[0]

    def revoke(self, invitation: Invitation, *, by: Principal, caller: Caller) -> None:
        """Withdraw an invitation that was read.

        Raises:
            InvitationUsed: somebody accepted it, or is about to.
            StaleVersion: somebody changed it meanwhile.
        """
        if invitation.status == InvitationStatus.REVOKED.value:
            return
        if not is_free(invitation, self._clock()):
            raise InvitationUsed
        invitation.status = InvitationStatus.REVOKED.value
        self._invitations.save(invitation)
        self._record(AuditAction.INVITATION_REVOKED, invitation, by, caller)

    def _viewed(self, invitations: Sequence[Invitation], org_id: str) -> list[Viewed]:
        ids = {role_id for invitation in invitations for role_id in invitation.roles}
        names = {role.id: role.name for role in self._roles.of(ids, org_id=org_id)}
        now = self._clock()
        return [
            Viewed(
                invitation,
                tuple(sorted(names[role_id] for role_id in invitation.roles if role_id in names)),
                shown_status(invitation, now),
            )
            for invitation in invitations
        ]

    def _record(
        self, action: AuditAction, invitation: Invitation, by: Principal, caller: Caller, **details: str
    ) -> None:
        self._audit.record(
            action, org_id=by.org_id, caller=caller, actor_id=by.user_id, target_id=invitation.id, **details
        )
