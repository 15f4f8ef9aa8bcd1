"""A notice of the platform that has still to be written into its conversation."""

from chat_service.states import Notice
from lyceum_database import IdField, StateField
from modelguard import EmbeddedDocument


class PendingNotice(EmbeddedDocument):
    """Kept with the change that it tells of, so that neither exists without the other.

    Attributes:
        notice_id: under which it is written, once for ever.
        about_id: the trainer that it is about.
    """

    notice_id: str = IdField(required=True)
    notice: str = StateField(Notice, required=True)
    about_id: str = IdField(required=True, references="User")
