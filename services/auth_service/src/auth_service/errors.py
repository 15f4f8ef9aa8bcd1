"""The root of what this service's domains refuse; each domain names its own in `exceptions`.

AuthError
├── passwords       Overloaded, WeakPassword
├── throttling      Throttled
├── contention      Contended
├── sessions        WrongCredentials, DeadRefreshToken
├── accounts        WrongPassword
├── roles           Escalation, BuiltinRole, UnknownRole, RoleNameTaken
├── organizations   SlugTaken, LastAdministrator
├── users           ImpossibleStatus, MemberElsewhere, NotYourself
└── invitations     NoSuchInvitation, InvitationExpired, InvitationUsed, InvitationEnded
"""


class AuthError(Exception):
    """Root of all that this service's domains refuse. The text may be shown to whoever asked."""
