"""Why an order is not taken, not changed, or not given back."""

# ruff: noqa: N818 - each name answers "what happened?"; a suffix would repeat the root's

from course_service.errors import CourseServiceError


class PurchaseError(CourseServiceError):
    """Root of all that is wrong with an order."""


class NotForSale(PurchaseError):
    """The course is a draft, archived, or described in a way that cannot be sold."""


class KeyReused(PurchaseError):
    """The idempotency key belongs to another order or refund."""

    def __init__(self) -> None:
        super().__init__("this Idempotency-Key belongs to a request with other contents: send a new key")


class PurchaseLimit(PurchaseError):
    """The student has bought this one course more often than anybody needs."""


class LanguageUnknown(PurchaseError):
    """The course names no language, so the order has to."""


class NotRefundable(PurchaseError):
    """Nothing was paid yet, or everything was given back."""


class RefundTooLarge(PurchaseError):
    """More than is left of what was paid."""


class OrderUnknown(PurchaseError):
    """A payment was made for no order that is known here, or not yet."""


class Contradiction(PurchaseError):
    """What the provider tells cannot be about this order: another currency, another amount, another payment."""
