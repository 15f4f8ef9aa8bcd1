"""The registry: the only place where the name of a topic, an event type or a consumer group is written."""

from dataclasses import dataclass
from datetime import timedelta

__all__ = [
    "ALLOCATIONS",
    "ALLOCATION_STARVED",
    "ALLOCATION_WAITLISTED",
    "ALLOCATION_WORKER",
    "CHAT",
    "CHAT_SERVICE",
    "CONVERSATION_READ",
    "COURSES",
    "COURSE_ARCHIVED",
    "COURSE_PUBLISHED",
    "COURSE_SERVICE",
    "MESSAGE_DELETED",
    "MESSAGE_EDITED",
    "MESSAGE_SENT",
    "PURCHASES",
    "PURCHASE_CREATED",
    "PURCHASE_REFUNDED",
    "SESSION_REVOKED",
    "TOPICS",
    "TRAINER_ALLOCATED",
    "TRAINER_DEALLOCATED",
    "TRAINER_REALLOCATED",
    "USERS",
    "USER_REGISTERED",
    "USER_ROLE_CHANGED",
    "USER_SUSPENDED",
    "Topic",
    "dead_letter_topic",
    "replay_topic",
    "topic_of",
]

PURCHASE_CREATED = "PURCHASE_CREATED"
PURCHASE_REFUNDED = "PURCHASE_REFUNDED"

TRAINER_ALLOCATED = "TRAINER_ALLOCATED"
ALLOCATION_WAITLISTED = "ALLOCATION_WAITLISTED"
TRAINER_REALLOCATED = "TRAINER_REALLOCATED"
TRAINER_DEALLOCATED = "TRAINER_DEALLOCATED"
ALLOCATION_STARVED = "ALLOCATION_STARVED"

USER_REGISTERED = "USER_REGISTERED"
USER_ROLE_CHANGED = "USER_ROLE_CHANGED"
USER_SUSPENDED = "USER_SUSPENDED"
SESSION_REVOKED = "SESSION_REVOKED"

COURSE_PUBLISHED = "COURSE_PUBLISHED"
COURSE_ARCHIVED = "COURSE_ARCHIVED"

MESSAGE_SENT = "MESSAGE_SENT"
MESSAGE_EDITED = "MESSAGE_EDITED"
MESSAGE_DELETED = "MESSAGE_DELETED"
CONVERSATION_READ = "CONVERSATION_READ"

ALLOCATION_WORKER = "allocation-worker"
"""Consumer group of the allocation worker."""

COURSE_SERVICE = "course-service"
"""Consumer group of the course service."""

CHAT_SERVICE = "chat-service"
"""Consumer group of the chat service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic and everything a producer, a consumer or a deploy job has to know about it."""

    name: str
    key: tuple[str, ...]
    """Body fields whose values, joined by ``:``, are the record key. Records of one key keep their order."""
    types: tuple[str, ...]
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    """Consumer groups; each has a dead-letter and a replay topic of its own."""
    partitions: int = 12
    retention: timedelta = timedelta(days=30)
    """Not longer than the idempotency stores remember, or a replay from the start would act twice."""


PURCHASES = Topic(
    name="purchases",
    key=("student_id", "course_id"),
    types=(PURCHASE_CREATED, PURCHASE_REFUNDED),
    producers=("course-service", "operators, with `lyceum purchases publish`"),
    consumers=(ALLOCATION_WORKER,),
)

ALLOCATIONS = Topic(
    name="allocations",
    key=("allocation_id",),
    types=(
        TRAINER_ALLOCATED,
        ALLOCATION_WAITLISTED,
        TRAINER_REALLOCATED,
        TRAINER_DEALLOCATED,
        ALLOCATION_STARVED,
    ),
    producers=("allocation-worker",),
    consumers=(COURSE_SERVICE, CHAT_SERVICE),
)

COURSES = Topic(
    name="courses",
    key=("course_id",),
    types=(COURSE_PUBLISHED, COURSE_ARCHIVED),
    producers=("course-service",),
    consumers=(),
)

CHAT = Topic(
    name="chat",
    key=("conversation_id",),
    types=(MESSAGE_SENT, MESSAGE_EDITED, MESSAGE_DELETED, CONVERSATION_READ),
    producers=("chat-service",),
    consumers=(),
)

USERS = Topic(
    name="users",
    key=("user_id",),
    types=(USER_REGISTERED, USER_ROLE_CHANGED, USER_SUSPENDED, SESSION_REVOKED),
    producers=("auth-service",),
    consumers=(),
)

TOPICS: tuple[Topic, ...] = (PURCHASES, ALLOCATIONS, COURSES, CHAT, USERS)


def topic_of(event_type: str) -> Topic:
    """Find where events of this type travel.

    Raises:
        KeyError: No topic carries the type.
    """
    for topic in TOPICS:
        if event_type in topic.types:
            return topic
    raise KeyError(event_type)


def dead_letter_topic(topic: Topic, group: str) -> str:
    """Name the topic where ``group`` lays down records of ``topic`` that it gave up on."""
    return f"{topic.name}.{group}.dlq"


def replay_topic(topic: Topic, group: str) -> str:
    """Name the topic that only ``group`` reads, for records given a second chance."""
    return f"{topic.name}.{group}.replay"
