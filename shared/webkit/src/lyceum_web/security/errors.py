"""Why somebody is not let in. None of the answers says more to a stranger than its code does.

ProblemError
└── AccessError
    ├── Unauthenticated            no token came
    ├── InvalidToken               a token came that proves nothing (any more): .reason, for the log alone
    ├── Forbidden                  the person is known and lacks the permission: .permission
    └── AuthenticationUnavailable  nobody can be recognised now: there never was a key to verify tokens with
"""

# ruff: noqa: N818 - each name answers "what happened?"; a suffix would repeat the root's

from lyceum_web.problems.error import ProblemError

RETRY_AFTER_S = 1


class AccessError(ProblemError):
    """Root of what keeps a caller out."""


class Unauthenticated(AccessError):
    """The request carries no token. `WWW-Authenticate` as RFC 6750, section 3, asks."""

    def __init__(self) -> None:
        super().__init__("unauthenticated", headers={"WWW-Authenticate": "Bearer"})


class InvalidToken(AccessError):
    """The token proves nothing: malformed, forged, expired, for somebody else, or its session has ended.

    Attributes:
        reason: what was wrong, for the log; all callers get the same answer, or they could probe.
    """

    def __init__(self, reason: str) -> None:
        super().__init__("invalid_token", headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
        self.reason = reason


class Forbidden(AccessError):
    """The person is known and may not do this.

    Attributes:
        permission: what is missing.
    """

    def __init__(self, permission: str) -> None:
        super().__init__("forbidden", detail=f"This needs the permission {permission}.")
        self.permission = permission


class AuthenticationUnavailable(AccessError):
    """There never was a key to verify tokens with, and there is none now.

    Attributes:
        reason: why, for the log.
    """

    def __init__(self, reason: str) -> None:
        super().__init__("unavailable", headers={"Retry-After": str(RETRY_AFTER_S)})
        self.reason = reason
