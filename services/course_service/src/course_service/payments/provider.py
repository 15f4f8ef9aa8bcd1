"""The port to payment providers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from course_service.states import PaymentEventKind


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRequest:
    """What is to be paid. The same purchase asked for twice is the same payment.

    Attributes:
        reference: the payment, if the provider was asked for it before.
        description: what the payer reads.
    """

    purchase_id: str
    org_id: str
    amount_minor: int
    currency: str
    description: str
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """How to pay.

    Attributes:
        reference: the payment, as the provider calls it.
        client_secret: what the payer's program needs to finish the payment. It is handed on and kept nowhere.
        checkout_url: a page on which to pay, where the provider has one.
    """

    reference: str
    client_secret: str | None = field(default=None, repr=False)
    checkout_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequest:
    """What is to be given back. The same refund id asked for twice is the same refund.

    Attributes:
        reference: the payment that it is taken from.
        refunded_before_minor: what was given back of it already, as far as is known.
        asked_since: when it was asked for first; long ago, a provider may have forgotten that it was.
    """

    refund_id: str
    purchase_id: str
    reference: str
    amount_minor: int
    currency: str
    reason: str
    refunded_before_minor: int = 0
    asked_since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEvent:
    """What a provider tells, once its signature was found good.

    Attributes:
        event_id: unique with the provider; a repeated delivery repeats it.
        event_type: in the provider's words.
        reference: the payment.
        purchase_id: the order that the payment was made for, if the event says it.
        amount_minor: what was paid, for PAID.
        refunded_minor: what was given back so far, in all, for REFUNDED.
        refund_id: of the refund that failed, for REFUND_FAILED.
    """

    event_id: str
    event_type: str
    kind: PaymentEventKind
    occurred_at: datetime
    reference: str | None = None
    purchase_id: str | None = None
    amount_minor: int | None = None
    refunded_minor: int | None = None
    refund_id: str | None = None
    currency: str | None = None


class PaymentProvider(Protocol):
    """Takes money, gives it back, and tells of both by webhooks. Calls block, each for a bounded time."""

    @property
    def name(self) -> str:
        """What its webhooks are addressed to and its orders are marked with: `[a-z][a-z0-9_]*`."""

    def create_payment(self, request: PaymentRequest) -> Payment:
        """Ask for a payment, or again for the one that was asked for.

        Raises:
            ProviderUnavailable: no answer.
            ProviderGarbage: no usable answer.
            ProviderRefused: it will never do it.
        """

    def refund(self, request: RefundRequest) -> str:
        """Give money back; returns the refund, as the provider calls it. That it happened is told by a webhook.

        Raises:
            ProviderUnavailable, ProviderGarbage, ProviderRefused: as above.
        """

    def parse_webhook(self, raw: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        """Check a delivery and read it.

        Args:
            raw: the body, byte for byte.
            headers: names in lower case.

        Raises:
            BadSignature: it is not the provider's.
            StaleTimestamp: it was signed too long ago.
            UnreadableEvent: it is the provider's, and of no form that is known.
        """
