"""Requests that have one effect, however often they are sent."""

from lyceum_web.idempotency.dependency import Idempotent, Once, keyed_routes
from lyceum_web.idempotency.outcomes import Outcomes
from lyceum_web.idempotency.request_key import RequestKey

__all__ = ["Idempotent", "Once", "Outcomes", "RequestKey", "keyed_routes"]
