"""What may not be done with organizations."""

# ruff: noqa: N818 - each name answers "what happened?"; a suffix would repeat the root's

from auth_service.errors import AuthError


class SlugTaken(AuthError):
    """Another organization has this slug."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"{slug} is taken: choose another slug")


class LastAdministrator(AuthError):
    """The organization would be left without an administrator."""

    def __init__(self) -> None:
        super().__init__("an organization keeps at least one administrator: make somebody else one first")
