"""One place of a quiz or exam."""

from mongoengine.fields import ListField, StringField

from lyceum_database import IdField, WholeField, refusal
from modelguard import EmbeddedDocument


class AssessmentSlot(EmbeddedDocument):
    """A fixed question, or a rule by which one is drawn from a bank for each attempt.

    Points are in thousandths, so that partial credit stays exact.
    """

    slot: int = WholeField(required=True, min_value=1)
    question_id: str | None = IdField()
    bank_id: str | None = IdField()
    tags: list[str] = ListField(StringField(min_length=1, max_length=64))
    points_milli: int = WholeField(required=True, default=1000, min_value=0)

    def clean(self) -> None:
        """A slot has a question or a bank to draw it from, never both."""
        if (self.question_id is None) == (self.bank_id is None):
            raise refusal("question_id", "a slot has either a question or a bank to draw it from")
