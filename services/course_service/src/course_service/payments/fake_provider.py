"""A provider that moves no money: for the development stack, demonstrations and tests. It signs as Stripe does."""

import hashlib
import json
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from course_service.payments import signatures
from course_service.payments.provider import Payment, PaymentRequest, ProviderEvent, RefundRequest
from course_service.payments.stripe_events import read_event
from lyceum_database import Clock, utc_now


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook call to be: what is posted, byte for byte. It may be made late, twice, or in another order."""

    body: bytes
    headers: Mapping[str, str]


class FakeProvider:
    """Everything is granted; what it tells is signed with `secret` in Stripe's format.

    It keeps nothing that matters: a payment's reference follows from its purchase, so another process with the same
    secret can speak for it.

    Args:
        secret: shared by whoever signs and whoever verifies.
        clock: gives the moments of events and signatures.
        deliver: called with what is told of refunds; kept in `outgoing` if None.
    """

    name = "fake"

    def __init__(
        self, secret: SecretStr, *, clock: Clock = utc_now, deliver: Callable[[Delivery], None] | None = None
    ) -> None:
        self._secret = secret
        self._clock = clock
        self.outgoing: list[Delivery] = []
        self._deliver = deliver or self.outgoing.append
        self._lock = threading.Lock()
        self._refunds: defaultdict[str, dict[str, int]] = defaultdict(dict)

    def create_payment(self, request: PaymentRequest) -> Payment:
        """See `PaymentProvider`."""
        reference = reference_of(request.purchase_id)
        return Payment(reference=reference, client_secret=f"{reference}_secret")

    def refund(self, request: RefundRequest) -> str:
        """See `PaymentProvider`; tells of it at once."""
        with self._lock:
            given = self._refunds[request.reference]
            is_new = request.refund_id not in given
            before_minor = max(sum(given.values()), request.refunded_before_minor)
            given[request.refund_id] = request.amount_minor
        if is_new:
            total_minor = before_minor + request.amount_minor
            self._deliver(self.refunded(request.purchase_id, total_minor, request.currency))
        return f"re_fake_{request.refund_id}"

    def parse_webhook(self, raw: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        """See `PaymentProvider`."""
        secrets = (self._secret.get_secret_value(),)
        signatures.verify(raw, headers.get(signatures.HEADER), secrets, now=self._clock())
        return read_event(raw)

    def paid(self, purchase_id: str, amount_minor: int, currency: str) -> Delivery:
        """Tell that an order was paid."""
        told = {"object": "payment_intent", "amount_received": amount_minor, "status": "succeeded"}
        return self._told("payment_intent.succeeded", purchase_id, currency, told, reference_of(purchase_id))

    def failed(self, purchase_id: str, currency: str) -> Delivery:
        """Tell that somebody tried to pay an order in vain."""
        told = {"object": "payment_intent", "status": "requires_payment_method"}
        return self._told("payment_intent.payment_failed", purchase_id, currency, told, reference_of(purchase_id))

    def refunded(self, purchase_id: str, total_minor: int, currency: str) -> Delivery:
        """Tell how much of a payment was given back so far, in all."""
        told = {
            "object": "charge",
            "amount_refunded": total_minor,
            "payment_intent": reference_of(purchase_id),
            "payment_method_details": {"card": {"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2034}},
        }
        return self._told("charge.refunded", purchase_id, currency, told, f"ch_fake_{purchase_id}")

    def signed(self, body: bytes) -> Delivery:
        """Sign any body, now."""
        header = signatures.signature(body, self._secret.get_secret_value(), at=self._clock())
        return Delivery(body, {signatures.HEADER: header, "content-type": "application/json"})

    def _told(
        self, event_type: str, purchase_id: str, currency: str, told: Mapping[str, Any], object_id: str
    ) -> Delivery:
        described = {
            "id": object_id,
            "currency": currency.lower(),
            "metadata": {"purchase_id": purchase_id},
            **told,
        }
        # The same fact has the same id, whoever tells it.
        fact = json.dumps([event_type, described], sort_keys=True)
        event = {
            "id": f"evt_fake_{hashlib.sha256(fact.encode()).hexdigest()[:24]}",
            "object": "event",
            "type": event_type,
            "created": int(self._clock().timestamp()),
            "data": {"object": described},
        }
        return self.signed(json.dumps(event).encode())


def reference_of(purchase_id: str) -> str:
    """Name the payment of an order."""
    return f"pi_fake_{purchase_id}"
