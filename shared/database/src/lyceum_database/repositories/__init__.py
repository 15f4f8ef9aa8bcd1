"""One door per shared document."""

from lyceum_database.repositories.users import UserRepository

__all__ = ["UserRepository"]
