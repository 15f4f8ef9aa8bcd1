"""A person is asked to join an organization."""

from datetime import datetime
from typing import Any, ClassVar

from mongoengine.fields import ListField, StringField

from auth_service.states import InvitationStatus
from lyceum_database import IdField, MomentField, Record, StateField


class Invitation(Record):
    """An address may join `org_id` with these roles, once, until it expires. The token is kept as a hash only.

    While it is being accepted nobody else may: `accepted_by` holds it until `claimed_until`.
    """

    email: str = StringField(required=True, min_length=3, max_length=254)
    email_norm: str = StringField(required=True, min_length=3, max_length=1000)
    roles: list[str] = ListField(IdField(references="Role"), required=True)
    invited_by: str = IdField(required=True, references="User")
    token_hash: str = StringField(required=True, min_length=1)
    expires_at: datetime = MomentField(required=True)
    claimed_until: datetime | None = MomentField()
    accepted_at: datetime | None = MomentField()
    accepted_by: str | None = IdField(references="User")
    status: str = StateField(InvitationStatus, default=InvitationStatus.PENDING, required=True)

    meta: ClassVar[dict[str, Any]] = {"collection": "invitations", "indexes": [("org_id", "id"), "email_norm"]}
