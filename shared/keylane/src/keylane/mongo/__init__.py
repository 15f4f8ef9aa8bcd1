"""keylane on MongoDB: the idempotency store, the marks on dead letters, and the outbox relay.

All on synchronous pymongo in threads of their own.
"""

try:
    from keylane.mongo.inbox import MongoInbox
    from keylane.mongo.letter_index import MongoLetterIndex
    from keylane.mongo.outbox import OutboxEntry, OutboxRelay
except ModuleNotFoundError as exc:
    if (exc.name or "").partition(".")[0] not in ("pymongo", "bson"):
        raise
    raise ModuleNotFoundError("pymongo is not installed: install keylane[mongo]", name=exc.name) from None

__all__ = ["MongoInbox", "MongoLetterIndex", "OutboxEntry", "OutboxRelay"]
