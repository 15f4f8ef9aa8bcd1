"""The words that documents use for their states and kinds; text in the database.

They are kept apart from the models: a reloaded model module is the same class again, a reloaded enum is not.
"""

from enum import StrEnum


class UserStatus(StrEnum):
    """invited -> active -> locked or suspended (and back) -> erased."""

    INVITED = "invited"
    ACTIVE = "active"
    LOCKED = "locked"
    SUSPENDED = "suspended"
    ERASED = "erased"


class RoleScope(StrEnum):
    """What a role's permissions apply to."""

    ORG = "org"
    COURSE = "course"
    SERVICE = "service"


class OrganizationStatus(StrEnum):
    """active <-> suspended."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class ServiceStatus(StrEnum):
    """What the last heartbeat said."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"


class SessionStatus(StrEnum):
    """live -> revoked; never back. That one has expired follows from its `expires_at`."""

    LIVE = "live"
    REVOKED = "revoked"


class CourseStatus(StrEnum):
    """draft -> published -> archived."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class MessageKind(StrEnum):
    """An announcement goes to everybody of a course or organization, an inbox message to one person."""

    ANNOUNCEMENT = "announcement"
    INBOX = "inbox"


class MessageStatus(StrEnum):
    """draft -> published -> retracted."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETRACTED = "retracted"


class NotificationStatus(StrEnum):
    """queued -> held (quiet hours) -> sent -> seen -> read; failed from queued or held."""

    QUEUED = "queued"
    HELD = "held"
    SENT = "sent"
    SEEN = "seen"
    READ = "read"
    FAILED = "failed"


class Channel(StrEnum):
    """A way by which a notification reaches a person."""

    IN_APP = "in_app"
    PUSH = "push"
    EMAIL = "email"


class DeliveryStatus(StrEnum):
    """Of one notification on one channel: queued -> held -> sent; failed or skipped instead."""

    QUEUED = "queued"
    HELD = "held"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"


class DevicePlatform(StrEnum):
    """Whose push service a token belongs to."""

    ANDROID = "android"
    IOS = "ios"
    WEB = "web"


class DeviceTokenStatus(StrEnum):
    """active -> stale (not refreshed for 60 days) -> pruned."""

    ACTIVE = "active"
    STALE = "stale"
    PRUNED = "pruned"
