"""The root of what this service's domains refuse; each domain names its own in `exceptions`.

AuthError
├── passwords: Overloaded, WeakPassword
├── throttling: Throttled
├── sessions: WrongCredentials, DeadRefreshToken
├── accounts: WrongPassword
├── roles: Escalation, Outranked, BuiltinRole, UnknownRole, RoleNameTaken
├── users: LastAdministrator, ImpossibleStatus, MemberElsewhere
├── invitations: NoSuchInvitation, InvitationExpired, InvitationUsed, InvitationEnded
└── organizations: SlugTaken
"""


class AuthError(Exception):
    """Root of all that this service's domains refuse. The text may be shown to whoever asked."""
