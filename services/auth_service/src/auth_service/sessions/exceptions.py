"""Why somebody is not signed in. The texts are alike for all reasons: they must not tell who has an account."""

# ruff: noqa: N818 - each name answers "what happened?"; a suffix would repeat the root's

from auth_service.errors import AuthError


class WrongCredentials(AuthError):
    """No such account, another password, an account that may not sign in, or an organization that is not theirs."""

    def __init__(self) -> None:
        super().__init__("address or password is wrong, or this account may not sign in here")


class DeadRefreshToken(AuthError):
    """The refresh token was never issued, is spent, or its session has ended."""

    def __init__(self) -> None:
        super().__init__("the refresh token is not valid (any more): sign in again")
