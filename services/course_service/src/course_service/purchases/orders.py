"""What a student asks for, and the order that is made of it. Pure."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from course_service.models import Purchase
from course_service.purchases import events
from course_service.purchases.exceptions import LanguageUnknown, NotForSale
from course_service.purchases.offers import Offer
from lyceum_contracts import ContractError


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A click on `buy`.

    Attributes:
        key: the idempotency key: the same one again is the same click.
        language: of the trainer; None for the course's main one.
        second_language: another one that will do after a long wait.
        wants: half-hours of the week, 0 = Monday 00:00 UTC, in which the student can meet; empty = any.
    """

    org_id: str
    student_id: str
    course_id: str
    key: str
    language: str | None = None
    second_language: str | None = None
    wants: Sequence[int] = field(default_factory=tuple)

    @property
    def key_sha256(self) -> str:
        """What is kept of the key."""
        return hashlib.sha256(self.key.encode()).hexdigest()

    @property
    def fingerprint(self) -> str:
        """Of what is asked for, whoever asks: two clicks with one key have to agree on it."""
        asked = [self.course_id, self.language, self.second_language, sorted(set(self.wants))]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def order_of(wanted: Wanted, offer: Offer, *, provider: str, now: datetime) -> Purchase:
    """Make an order at the price of this moment.

    Raises:
        LanguageUnknown: neither the student nor the course names a language.
        NotForSale: what the course calls its subject or currency cannot be told to those who look for a trainer.
    """
    language = wanted.language or next(iter(offer.languages), None)
    if language is None:
        raise LanguageUnknown("this course names no language: say in which one you want to learn")
    order = Purchase(
        org_id=wanted.org_id,
        student_id=wanted.student_id,
        course_id=wanted.course_id,
        course_version=offer.version,
        title=offer.title,
        subject=offer.subject,
        language=language,
        second_language=wanted.second_language,
        wants=sorted(set(wanted.wants)),
        amount_minor=offer.price_minor,
        currency=offer.currency,
        key_sha256=wanted.key_sha256,
        fingerprint=wanted.fingerprint,
        provider=provider,
    )
    _check_sellable(order, now)
    return order


def _check_sellable(order: Purchase, now: datetime) -> None:
    """Find out before anybody pays, not after."""
    try:
        events.created(order, now)
    except ContractError as exc:
        raise NotForSale(f"this course cannot be sold as it is described: {exc.field} is unfit") from exc
