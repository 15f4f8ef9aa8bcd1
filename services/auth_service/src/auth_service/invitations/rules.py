"""Whether an invitation can be accepted or withdrawn now. Pure."""

from datetime import datetime

from auth_service.invitations.exceptions import InvitationEnded, InvitationExpired, InvitationUsed
from auth_service.models import Invitation
from auth_service.states import InvitationStatus


def check_open(invitation: Invitation, now: datetime) -> None:
    """Let an invitation be accepted.

    Raises:
        InvitationEnded, InvitationUsed, InvitationExpired: it cannot.
    """
    if invitation.status == InvitationStatus.REVOKED.value:
        raise InvitationEnded
    if not is_free(invitation, now):
        raise InvitationUsed
    if invitation.expires_at <= now:
        raise InvitationExpired


def is_free(invitation: Invitation, now: datetime) -> bool:
    """Tell whether nobody has accepted it or is about to. A claim whose time is over was cut short by a crash."""
    if invitation.status == InvitationStatus.PENDING.value:
        return True
    claimed_until = invitation.claimed_until
    return invitation.status == InvitationStatus.ACCEPTING.value and claimed_until is not None and claimed_until <= now


def shown_status(invitation: Invitation, now: datetime) -> str:
    """Return the status as its inviter sees it."""
    if is_free(invitation, now):
        return "expired" if invitation.expires_at <= now else InvitationStatus.PENDING.value
    return invitation.status
