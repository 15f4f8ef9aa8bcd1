"""Which contract belongs to which event type."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from lyceum_contracts.allocations import (
    AllocationStarved,
    AllocationWaitlisted,
    TrainerAllocated,
    TrainerDeallocated,
    TrainerReallocated,
)
from lyceum_contracts.chat import ConversationRead, MessageDeleted, MessageEdited, MessageSent
from lyceum_contracts.courses import CourseArchived, CoursePublished
from lyceum_contracts.errors import UnknownEventType
from lyceum_contracts.event import Event
from lyceum_contracts.purchases import PurchaseCreated, PurchaseRefunded
from lyceum_contracts.users import SessionRevoked, UserRegistered, UserRoleChanged, UserSuspended

__all__ = ["CONTRACTS", "parse_event"]

_ALL: tuple[type[Event], ...] = (
    PurchaseCreated,
    PurchaseRefunded,
    TrainerAllocated,
    AllocationWaitlisted,
    TrainerReallocated,
    TrainerDeallocated,
    AllocationStarved,
    CoursePublished,
    CourseArchived,
    MessageSent,
    MessageEdited,
    MessageDeleted,
    ConversationRead,
    UserRegistered,
    UserRoleChanged,
    UserSuspended,
    SessionRevoked,
)

CONTRACTS: Mapping[str, type[Event]] = MappingProxyType({contract.type: contract for contract in _ALL})


def parse_event(event_type: str, data: Mapping[str, Any]) -> Event:
    """Check ``data`` against the contract of ``event_type``.

    Raises:
        UnknownEventType: There is no such contract.
        ContractError: Names the field at fault.
    """
    contract = CONTRACTS.get(event_type)
    if contract is None:
        raise UnknownEventType(event_type, tuple(CONTRACTS))
    return contract.parse(data)
