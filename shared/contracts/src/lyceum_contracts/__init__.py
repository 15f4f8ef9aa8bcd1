"""Events, topics and golden schemas of the Lyceum platform.

One frozen class per event, one registry of topics, one codec between events and Kafka records. Knows no broker.
"""

from lyceum_contracts.allocations import (
    AllocationStarved,
    AllocationWaitlisted,
    TrainerAllocated,
    TrainerDeallocated,
    TrainerReallocated,
)
from lyceum_contracts.catalogue import CONTRACTS, parse_event
from lyceum_contracts.chat import ConversationRead, MessageDeleted, MessageEdited, MessageSent
from lyceum_contracts.codec import Decoded, Record, decode, encode, key_of
from lyceum_contracts.compatibility import breaking_changes
from lyceum_contracts.courses import CourseArchived, CoursePublished
from lyceum_contracts.envelope import DEFAULT_ORG, Envelope
from lyceum_contracts.errors import ContractError, UnknownEventType
from lyceum_contracts.event import Event
from lyceum_contracts.ids import derived_id
from lyceum_contracts.outbox import OutboxEntry, outbox_entry
from lyceum_contracts.purchases import PurchaseCreated, PurchaseRefunded
from lyceum_contracts.topics import (
    ALLOCATION_WORKER,
    ALLOCATIONS,
    CHAT,
    CHAT_SERVICE,
    COURSE_SERVICE,
    COURSES,
    PURCHASES,
    TOPICS,
    USERS,
    Topic,
    dead_letter_topic,
    replay_topic,
    topic_of,
)
from lyceum_contracts.users import SessionRevoked, UserRegistered, UserRoleChanged, UserSuspended

__all__ = [
    "ALLOCATIONS",
    "ALLOCATION_WORKER",
    "CHAT",
    "CHAT_SERVICE",
    "CONTRACTS",
    "COURSES",
    "COURSE_SERVICE",
    "DEFAULT_ORG",
    "PURCHASES",
    "TOPICS",
    "USERS",
    "AllocationStarved",
    "AllocationWaitlisted",
    "ContractError",
    "ConversationRead",
    "CourseArchived",
    "CoursePublished",
    "Decoded",
    "Envelope",
    "Event",
    "MessageDeleted",
    "MessageEdited",
    "MessageSent",
    "OutboxEntry",
    "PurchaseCreated",
    "PurchaseRefunded",
    "Record",
    "SessionRevoked",
    "Topic",
    "TrainerAllocated",
    "TrainerDeallocated",
    "TrainerReallocated",
    "UnknownEventType",
    "UserRegistered",
    "UserRoleChanged",
    "UserSuspended",
    "breaking_changes",
    "dead_letter_topic",
    "decode",
    "derived_id",
    "encode",
    "key_of",
    "outbox_entry",
    "parse_event",
    "replay_topic",
    "topic_of",
]
