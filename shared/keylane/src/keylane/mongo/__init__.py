"""keylane on MongoDB: the idempotency store, the marks on dead letters, and the outbox relay.

All on synchronous pymongo in threads of their own.
"""

from keylane.mongo.inbox import MongoInbox
from keylane.mongo.letter_index import MongoLetterIndex
from keylane.mongo.outbox import OutboxEntry, OutboxRelay

__all__ = ["MongoInbox", "MongoLetterIndex", "OutboxEntry", "OutboxRelay"]
