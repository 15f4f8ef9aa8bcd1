"""Users: who joined, what they may do, and which sign-in is over. No event carries a name or an address."""

from typing import ClassVar

from lyceum_contracts.event import Event
from lyceum_contracts.fields import Id, Moment, RoleName, Text
from lyceum_contracts.topics import SESSION_REVOKED, USER_REGISTERED, USER_ROLE_CHANGED, USER_SUSPENDED

__all__ = ["SessionRevoked", "UserRegistered", "UserRoleChanged", "UserSuspended"]


class UserRegistered(Event):
    """A person has an account from now on."""

    type: ClassVar[str] = USER_REGISTERED

    user_id: Id
    roles: tuple[RoleName, ...]
    """Names of the roles in the organization of the envelope."""
    registered_at: Moment


class UserRoleChanged(Event):
    """The person has these roles, and no others, in the organization of the envelope."""

    type: ClassVar[str] = USER_ROLE_CHANGED

    user_id: Id
    roles: tuple[RoleName, ...]
    by: Id
    """User id of whoever changed them; `operator` from the command line."""
    changed_at: Moment


class UserSuspended(Event):
    """The person may not sign in any more, and all sessions are over."""

    type: ClassVar[str] = USER_SUSPENDED

    user_id: Id
    by: Id
    """User id of whoever did it; `operator` from the command line."""
    reason: Text
    suspended_at: Moment


class SessionRevoked(Event):
    """A sign-in is over before its time: its tokens count no longer, its sockets are to be closed."""

    type: ClassVar[str] = SESSION_REVOKED

    user_id: Id
    session_id: Id
    reason: Text
    """Why, in a word: logout, reuse of a refresh token, an operator's doing."""
    revoked_at: Moment
