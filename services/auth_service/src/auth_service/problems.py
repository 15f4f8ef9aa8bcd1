"""The one table from what this service refuses to what a client is told."""

from collections.abc import Mapping

from auth_service.accounts.exceptions import WrongPassword
from auth_service.contention import Contended
from auth_service.invitations.exceptions import (
    InvitationEnded,
    InvitationExpired,
    InvitationUsed,
    NoSuchInvitation,
)
from auth_service.organizations.exceptions import LastAdministrator, SlugTaken
from auth_service.passwords.exceptions import Overloaded, WeakPassword
from auth_service.roles.exceptions import BuiltinRole, Escalation, RoleNameTaken, UnknownRole
from auth_service.sessions.exceptions import DeadRefreshToken, WrongCredentials
from auth_service.throttling import Throttled
from auth_service.users.exceptions import ImpossibleStatus, MemberElsewhere, NotYourself
from lyceum_web.problems import ProblemCode

CODES = (
    ProblemCode(
        "invalid_credentials",
        401,
        "Wrong address or password",
        "Check both. The answer is the same for an account that does not exist or may not sign in.",
    ),
    ProblemCode(
        "invalid_refresh_token",
        401,
        "Refresh token not valid",
        "Sign in again. A refresh token is good once; when a spent one comes back, its session ends.",
    ),
    ProblemCode("wrong_password", 403, "Wrong current password", "Give the password that you signed in with."),
    ProblemCode("escalation", 403, "More than you may", "Hand out, and take away, only what you have yourself."),
    ProblemCode("builtin_role", 409, "Built-in role", "Make a role of your own: the platform's are alike everywhere."),
    ProblemCode("role_name_taken", 409, "Role exists", "Choose another name, or change the role that has it."),
    ProblemCode("slug_taken", 409, "Slug taken", "Choose another slug."),
    ProblemCode("unknown_role", 422, "No such role", "Give names from GET /v1/roles."),
    ProblemCode("impossible_status", 409, "Status cannot change so", "Read the detail: it says why."),
    ProblemCode(
        "last_administrator",
        409,
        "Last administrator",
        "Make somebody else an administrator of the organization first.",
    ),
    ProblemCode("invitation_expired", 410, "Invitation expired", "Ask for another invitation."),
    ProblemCode("invitation_used", 409, "Invitation used", "Sign in: an invitation is good once."),
    ProblemCode("invitation_ended", 410, "Invitation withdrawn", "Ask for another invitation."),
    ProblemCode(
        "weak_password",
        422,
        "Password refused",
        "Choose a longer one that is no name and not known from a data breach.",
    ),
)

ERRORS: Mapping[type[Exception], str] = {
    WrongCredentials: "invalid_credentials",
    DeadRefreshToken: "invalid_refresh_token",
    WrongPassword: "wrong_password",
    WeakPassword: "weak_password",
    Escalation: "escalation",
    BuiltinRole: "builtin_role",
    RoleNameTaken: "role_name_taken",
    UnknownRole: "unknown_role",
    SlugTaken: "slug_taken",
    LastAdministrator: "last_administrator",
    ImpossibleStatus: "impossible_status",
    NotYourself: "impossible_status",
    MemberElsewhere: "impossible_status",
    NoSuchInvitation: "not_found",
    InvitationExpired: "invitation_expired",
    InvitationUsed: "invitation_used",
    InvitationEnded: "invitation_ended",
    Throttled: "rate_limited",
    Overloaded: "overloaded",
    Contended: "overloaded",
}
