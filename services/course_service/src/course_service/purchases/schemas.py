"""What the purchase routes read and write."""

from typing import Annotated, Self

from pydantic import Field

from course_service.models import Purchase, PurchaseRefund
from course_service.payments.provider import Payment
from course_service.purchases.service import Bought
from course_service.wire import (
    Language,
    Reason,
    ShownAmount,
    ShownCurrency,
    ShownId,
    ShownLanguage,
    ShownMoment,
    ShownText,
)
from lyceum_web.schemas import Answer, Request

HALF_HOURS_PER_WEEK = 7 * 24 * 2

HalfHour = Annotated[int, Field(strict=True, ge=0, lt=HALF_HOURS_PER_WEEK)]
Hours = Annotated[
    tuple[HalfHour, ...],
    Field(
        max_length=HALF_HOURS_PER_WEEK,
        examples=[[36, 37, 84]],
        description="Half-hours of the week in which you can meet, 0 = Monday 00:00 UTC; none = any.",
    ),
]


class PurchaseOrder(Request):
    """What is wanted besides the course. Its price is the course's: nobody sends one."""

    language: Annotated[Language | None, Field(description="Of your trainer; the course's main one if null.")] = None
    second_language: Annotated[Language | None, Field(description="Another one that will do after a long wait.")] = None
    wants: Hours = ()


class RefundOrder(Request):
    """What is to be given back."""

    amount_minor: Annotated[
        int | None, Field(strict=True, ge=1, le=2**53, examples=[1000], description="All that is left if null.")
    ] = None
    reason: Reason


class ShownRefund(Answer):
    """Money that somebody asked to give back."""

    id: ShownId
    amount_minor: ShownAmount
    reason: Annotated[str, Field(examples=["moved to another city"])]
    status: Annotated[str, Field(examples=["accepted"], description="requested, accepted, refused or failed")]
    failure: Annotated[str | None, Field(examples=["insufficient_funds"], description="Why it is refused.")]
    requested_at: ShownMoment

    @classmethod
    def of(cls, refund: PurchaseRefund) -> Self:
        """Show a refund."""
        return cls(
            id=refund.refund_id,
            amount_minor=refund.amount_minor,
            reason=refund.reason,
            status=refund.status,
            failure=refund.failure,
            requested_at=refund.requested_at,
        )


class ShownPurchase(Answer):
    """An order, and what became of its money."""

    id: ShownId
    student_id: ShownId
    course_id: ShownId
    course_version: Annotated[int | None, Field(examples=[3])]
    title: ShownText
    subject: Annotated[str, Field(examples=["math"])]
    language: ShownLanguage
    second_language: ShownLanguage | None
    wants: Annotated[list[int], Field(examples=[[36, 37, 84]])]
    amount_minor: ShownAmount
    currency: ShownCurrency
    status: Annotated[str, Field(examples=["paid"], description="created, failed, paid, part_refunded or refunded")]
    paid_at: ShownMoment | None
    refunded_minor: ShownAmount
    refunds: list[ShownRefund]
    created_at: ShownMoment | None

    @classmethod
    def of(cls, order: Purchase) -> Self:
        """Show an order."""
        same = ("id", "student_id", "course_id", "course_version", "title", "subject", "language", "second_language")
        money = ("amount_minor", "currency", "status", "paid_at", "refunded_minor", "created_at")
        return cls(
            **{name: getattr(order, name) for name in (*same, *money)},
            wants=list(order.wants),
            refunds=[ShownRefund.of(refund) for refund in order.refunds],
        )


class ShownPayment(Answer):
    """How to pay: by a page, or by a program that speaks to the provider with the secret."""

    provider: Annotated[str, Field(examples=["stripe"])]
    reference: Annotated[str, Field(examples=["pi_3MtwBwLkdIwHu7ix28a3tqPa"])]
    client_secret: Annotated[
        str | None, Field(examples=["pi_3MtwBwLkdIwHu7ix28a3tqPa_secret_YrKJUKribcBjcG8HVhfZluoGH"])
    ]
    checkout_url: Annotated[str | None, Field(examples=["https://pay.example.org/c/1"])]

    @classmethod
    def of(cls, provider: str, payment: Payment) -> Self:
        """Show a payment."""
        return cls(
            provider=provider,
            reference=payment.reference,
            client_secret=payment.client_secret,
            checkout_url=payment.checkout_url,
        )


class PurchaseMade(Answer):
    """An order, and how to pay it; null if there is nothing to pay (any more)."""

    purchase: ShownPurchase
    payment: ShownPayment | None

    @classmethod
    def of(cls, bought: Bought) -> Self:
        """Show what a click on `buy` came to."""
        order, payment = bought.order, bought.payment
        return cls(
            purchase=ShownPurchase.of(order),
            payment=None if payment is None else ShownPayment.of(order.provider, payment),
        )
