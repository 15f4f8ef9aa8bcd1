"""The words that this service's documents use for states and acts; text in the database."""

from enum import StrEnum


class InvitationStatus(StrEnum):
    """pending -> accepting -> accepted; accepting falls back to pending; pending -> revoked."""

    PENDING = "pending"
    ACCEPTING = "accepting"
    ACCEPTED = "accepted"
    REVOKED = "revoked"


class AuditAction(StrEnum):
    """What happened: one word per security act."""

    SIGNED_UP = "signed_up"
    SIGN_UP_REFUSED = "sign_up_refused"
    LOGGED_IN = "logged_in"
    LOGIN_REFUSED = "login_refused"
    LOGGED_OUT = "logged_out"
    REFRESH_REUSED = "refresh_reused"
    SESSION_ENDED = "session_ended"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a word for an act, no password
    PASSWORD_CHANGE_REFUSED = "password_change_refused"  # noqa: S105 - as above
    ROLE_CREATED = "role_created"
    ROLE_CHANGED = "role_changed"
    USER_ROLES_CHANGED = "user_roles_changed"
    USER_SUSPENDED = "user_suspended"
    USER_REACTIVATED = "user_reactivated"
    INVITED = "invited"
    INVITATION_REVOKED = "invitation_revoked"
    INVITATION_ACCEPTED = "invitation_accepted"
    INVITATION_REFUSED = "invitation_refused"
    ORGANIZATION_CREATED = "organization_created"
    ORGANIZATION_CHANGED = "organization_changed"
