"""Which status can follow which, and whose account an administrator may suspend. Pure."""

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType

from auth_service.users.exceptions import ImpossibleStatus, MemberElsewhere, NotYourself
from lyceum_database.states import UserStatus

EVERYWHERE = "organizations:create"
"""Who may make organizations speaks for the platform, and so for all of them."""

_FOLLOWS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        UserStatus.ACTIVE.value: frozenset(
            {UserStatus.ACTIVE.value, UserStatus.SUSPENDED.value, UserStatus.LOCKED.value}
        ),
        UserStatus.SUSPENDED.value: frozenset(
            {UserStatus.SUSPENDED.value, UserStatus.ACTIVE.value, UserStatus.LOCKED.value, UserStatus.INVITED.value}
        ),
    }
)
"""Wanted status -> those that it may follow. Nothing follows `erased`."""


def check_status(status: str, wanted: str) -> None:
    """Let an account change its status.

    Raises:
        ImpossibleStatus: it cannot get there.
    """
    if status not in _FOLLOWS.get(wanted, frozenset()):
        raise ImpossibleStatus(status, wanted)


def check_reach(*, actor_id: str, org_id: str, held: AbstractSet[str], user_id: str, org_ids: Collection[str]) -> None:
    """Let an administrator decide whether somebody may sign in anywhere at all.

    Raises:
        NotYourself: it is their own account.
        MemberElsewhere: the person belongs to organizations that the administrator does not speak for.
    """
    if user_id == actor_id:
        raise NotYourself
    if EVERYWHERE not in held and set(org_ids) - {org_id}:
        raise MemberElsewhere
