"""Connection, guarded shared models and repositories of the Lyceum platform."""

from lyceum_database.clock import Clock, utc_now
from lyceum_database.connection import close, connect, ping
from lyceum_database.contention import until_settled
from lyceum_database.documents import DEFAULT_ORG, Record, refusal
from lyceum_database.errors import (
    OUTAGES,
    AccessDenied,
    AlreadyConnected,
    Contended,
    DatabaseError,
    Duplicate,
    IndexesDiffer,
    InvalidRecord,
    NotConnected,
    NotFound,
    SettingsError,
    StaleVersion,
    Unavailable,
)
from lyceum_database.fields import FlagField, IdField, MomentField, StateField, UniqueKey, WholeField
from lyceum_database.ids import is_id, new_id
from lyceum_database.indexes import ensure_indexes, verify_indexes
from lyceum_database.models import (
    Analytics,
    ChannelDelivery,
    Course,
    CourseListing,
    DeviceToken,
    Message,
    Notification,
    Organization,
    Role,
    Service,
    Session,
    User,
)
from lyceum_database.repositories import (
    CourseRepository,
    MessageRepository,
    OrganizationRepository,
    RoleRepository,
    ServiceRepository,
    SessionRepository,
    UserRepository,
)
from lyceum_database.repository import Repository
from lyceum_database.settings import MongoSettings
from lyceum_database.translation import translated_errors

__all__ = [
    "DEFAULT_ORG",
    "OUTAGES",
    "AccessDenied",
    "AlreadyConnected",
    "Analytics",
    "ChannelDelivery",
    "Clock",
    "Contended",
    "Course",
    "CourseListing",
    "CourseRepository",
    "DatabaseError",
    "DeviceToken",
    "Duplicate",
    "FlagField",
    "IdField",
    "IndexesDiffer",
    "InvalidRecord",
    "Message",
    "MessageRepository",
    "MomentField",
    "MongoSettings",
    "NotConnected",
    "NotFound",
    "Notification",
    "Organization",
    "OrganizationRepository",
    "Record",
    "Repository",
    "Role",
    "RoleRepository",
    "Service",
    "ServiceRepository",
    "Session",
    "SessionRepository",
    "SettingsError",
    "StaleVersion",
    "StateField",
    "Unavailable",
    "UniqueKey",
    "User",
    "UserRepository",
    "WholeField",
    "close",
    "connect",
    "ensure_indexes",
    "is_id",
    "new_id",
    "ping",
    "refusal",
    "translated_errors",
    "until_settled",
    "utc_now",
    "verify_indexes",
]
