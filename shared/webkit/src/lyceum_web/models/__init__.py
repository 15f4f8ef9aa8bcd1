"""The kit's documents. Static imports only: every model is registered when this package is imported."""

from lyceum_web.models.idempotency_record import IdempotencyRecord

__all__ = ["IdempotencyRecord"]
