"""What administrators may not do with people."""

# ruff: noqa: N818 - each name answers "what happened?"; a suffix would repeat the root's

from auth_service.errors import AuthError


class ImpossibleStatus(AuthError):
    """Nobody gets from this status to that one."""

    def __init__(self, status: str, wanted: str) -> None:
        super().__init__(f"an account that is {status} cannot become {wanted}")


class MemberElsewhere(AuthError):
    """The person belongs to other organizations too, which one administrator cannot speak for."""

    def __init__(self) -> None:
        super().__init__("this person belongs to other organizations, too: take their roles here away instead")


class NotYourself(AuthError):
    """Nobody suspends themselves: nobody could undo it."""

    def __init__(self) -> None:
        super().__init__("you cannot suspend yourself: ask another administrator")
