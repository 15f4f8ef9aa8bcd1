"""The one table from what this service refuses to what a client is told."""

from collections.abc import Mapping

from auth_service.accounts.exceptions import WrongPassword
from auth_service.contention import Contended
from auth_service.passwords.exceptions import Overloaded, WeakPassword
from auth_service.sessions.exceptions import DeadRefreshToken, WrongCredentials
from auth_service.throttling import Throttled
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
    Throttled: "rate_limited",
    Overloaded: "overloaded",
    Contended: "overloaded",
}
