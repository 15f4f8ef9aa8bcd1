"""What may not be done with roles."""

# ruff: noqa: N818 - each name answers "what happened?"; a suffix would repeat the root's

from collections.abc import Iterable

from auth_service.errors import AuthError


class Escalation(AuthError):
    """Somebody would hand out, or take away, permissions that they have not.

    Attributes:
        permissions: those that are missing.
    """

    def __init__(self, permissions: Iterable[str]) -> None:
        self.permissions = tuple(sorted(permissions))
        super().__init__(f"you have not these permissions yourself: {', '.join(self.permissions)}")


class BuiltinRole(AuthError):
    """The platform's own roles are alike in every organization."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is built in: make a role of your own instead")


class UnknownRole(AuthError):
    """The organization has no such role.

    Attributes:
        names: those that it has not.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(sorted(names))
        super().__init__(f"this organization has no role {', '.join(self.names)}")


class RoleNameTaken(AuthError):
    """The organization has a role of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"this organization has a role {name}: choose another name or change that one")
