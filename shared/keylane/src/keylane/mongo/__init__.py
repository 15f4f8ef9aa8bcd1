"""keylane on MongoDB: the idempotency store and the outbox relay, on synchronous pymongo in threads of their own."""

from keylane.mongo.inbox import MongoInbox
from keylane.mongo.outbox import OutboxEntry, OutboxRelay

__all__ = ["MongoInbox", "OutboxEntry", "OutboxRelay"]
