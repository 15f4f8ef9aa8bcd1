"""Why an invitation cannot be accepted. Who holds the token may know: nobody guesses one."""

# ruff: noqa: N818 - each name answers "what happened?"; a suffix would repeat the root's

from auth_service.errors import AuthError


class NoSuchInvitation(AuthError):
    """There is no such invitation, or it is for another address."""

    def __init__(self) -> None:
        super().__init__("no invitation for this address has this token")


class InvitationExpired(AuthError):
    """It was not accepted in time."""

    def __init__(self) -> None:
        super().__init__("this invitation has expired: ask for another")


class InvitationUsed(AuthError):
    """It was accepted already, or is being accepted at this moment."""

    def __init__(self) -> None:
        super().__init__("this invitation has been used")


class InvitationEnded(AuthError):
    """It was withdrawn, or whoever invited may not hand these roles out any more."""

    def __init__(self) -> None:
        super().__init__("this invitation has been withdrawn: ask for another")
