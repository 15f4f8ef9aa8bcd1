"""The door to attachments."""

from chat_service.models.media_attachment import MediaAttachment
from lyceum_database import Clock, Repository, utc_now
from lyceum_database.repository import PAGE


class MediaAttachmentRepository(Repository[MediaAttachment]):
    """Attachments, found by id, by where they are stored, or by owner."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(MediaAttachment, clock=clock)

    def stored_at(self, store: str, key: str) -> MediaAttachment | None:
        """Return the attachment whose bytes are kept there, or None."""
        return self._first(store=store, key=key)

    def of_owner(self, owner_id: str, *, limit: int = PAGE) -> list[MediaAttachment]:
        """Return what somebody uploaded, the newest first."""
        return self._select(owner_id=owner_id, order="-created_at", limit=limit)
