"""What people may not do with their own account."""

# ruff: noqa: N818 - each name answers "what happened?"; a suffix would repeat the root's

from auth_service.errors import AuthError


class WrongPassword(AuthError):
    """The current password, asked for once more, is another one."""

    def __init__(self) -> None:
        super().__init__("the current password is another one")
