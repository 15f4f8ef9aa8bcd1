"""One door per shared document."""

from lyceum_database.repositories.courses import CourseRepository
from lyceum_database.repositories.messages import MessageRepository
from lyceum_database.repositories.organizations import OrganizationRepository
from lyceum_database.repositories.roles import RoleRepository
from lyceum_database.repositories.services import ServiceRepository
from lyceum_database.repositories.sessions import SessionRepository
from lyceum_database.repositories.users import UserRepository

__all__ = [
    "CourseRepository",
    "MessageRepository",
    "OrganizationRepository",
    "RoleRepository",
    "ServiceRepository",
    "SessionRepository",
    "UserRepository",
]
