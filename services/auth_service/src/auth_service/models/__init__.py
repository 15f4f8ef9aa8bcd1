"""The documents of this service. Static imports only: every model is registered when this package is imported."""

from auth_service.models.audit_entry import AuditEntry
from auth_service.models.invitation import Invitation

__all__ = ["AuditEntry", "Invitation"]
