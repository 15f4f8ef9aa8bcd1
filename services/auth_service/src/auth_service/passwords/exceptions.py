"""Why a password is not taken, or not now."""

# ruff: noqa: N818 - each name answers "what happened?"; a suffix would repeat the root's

from auth_service.errors import AuthError


class WeakPassword(AuthError):
    """The password would be guessed.

    Attributes:
        reason: one word for programs: `too_short`, `too_long`, `breached`, `predictable`, `personal`.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Overloaded(AuthError):
    """More passwords wait to be hashed than the machine can hash in time.

    Attributes:
        retry_after_s: when it is worth trying again, in seconds.
    """

    def __init__(self, retry_after_s: int = 1) -> None:
        super().__init__("too many sign-ins at this moment: try again")
        self.retry_after_s = retry_after_s
