"""Who may act, where, and until when a session counts. Pure."""

from datetime import datetime

from lyceum_database import DEFAULT_ORG, Organization, Session, User
from lyceum_database.states import OrganizationStatus, SessionStatus, UserStatus


def counts(session: Session, now: datetime) -> bool:
    """Tell whether a session can be used. The database removes expired ones late, or never."""
    return session.status == SessionStatus.LIVE.value and session.expires_at > now


def end_all(user: User, *, keep: str | None = None) -> None:
    """Have all sessions of a person end with the next save of the account, but for the one to keep."""
    user.session_epoch += 1
    user.spared_session = keep


def may_act(user: User | None, organization: Organization | None) -> bool:
    """Tell whether a person may be signed in to an organization."""
    return (
        user is not None
        and organization is not None
        and user.status == UserStatus.ACTIVE.value
        and organization.status == OrganizationStatus.ACTIVE.value
        and organization.id in user.org_ids
    )


def home(user: User) -> str:
    """Choose the organization to sign in to when none was named: the only one, the default one, or the first."""
    if DEFAULT_ORG in user.org_ids or not user.org_ids:
        return DEFAULT_ORG
    first: str = user.org_ids[0]
    return first
