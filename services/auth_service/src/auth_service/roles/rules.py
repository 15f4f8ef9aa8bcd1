"""Who may hand out what. Pure."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from auth_service.roles.exceptions import Escalation


def check_grant(held: AbstractSet[str], *wanted: Iterable[str]) -> None:
    """Let somebody hand out, or take away, what they have themselves.

    Args:
        held: permissions of whoever acts.
        wanted: permissions that change hands, in as many portions as there are.

    Raises:
        Escalation: names what they have not.
    """
    missing = {permission for portion in wanted for permission in portion} - held
    if missing:
        raise Escalation(missing)
