"""The shared documents. Static imports only: every model is registered when this package is imported."""

from lyceum_database.models.user import User

__all__ = ["User"]
