"""Purchases: a student paid for a course, or got the money back."""

from typing import ClassVar

from pydantic import StrictBool

from lyceum_contracts.event import Event
from lyceum_contracts.fields import Currency, Hours, Id, LanguageTag, MinorUnits, Moment, SubjectName, Text
from lyceum_contracts.topics import PURCHASE_CREATED, PURCHASE_REFUNDED

__all__ = ["PurchaseCreated", "PurchaseRefunded"]


class PurchaseCreated(Event):
    """A student paid for a course and is owed a trainer of this subject and language."""

    type: ClassVar[str] = PURCHASE_CREATED

    purchase_id: Id
    student_id: Id
    course_id: Id
    subject: SubjectName
    language: LanguageTag
    amount_minor: MinorUnits
    currency: Currency
    paid_at: Moment
    wants: Hours = ()
    """Half-hours of the week, 0 = Monday 00:00 UTC, in which the student can meet; empty = any."""
    second_language: LanguageTag | None = None
    """Another language, which the student accepts after twelve hours of waiting; none: no other, however long."""


class PurchaseRefunded(Event):
    """A purchase was paid back. Only a full refund ends the right to a trainer."""

    type: ClassVar[str] = PURCHASE_REFUNDED

    purchase_id: Id
    student_id: Id
    course_id: Id
    full: StrictBool
    reason: Text
    refunded_at: Moment
