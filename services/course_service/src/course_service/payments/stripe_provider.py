"""Stripe behind the port: payment intents, which take every means of payment that the account has switched on."""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Any, TypeVar

import stripe
from pydantic import SecretStr

from course_service.payments import signatures
from course_service.payments.exceptions import PaymentError, ProviderGarbage, ProviderRefused, ProviderUnavailable
from course_service.payments.provider import Payment, PaymentRequest, ProviderEvent, RefundRequest
from course_service.payments.stripe_events import LONGEST_NAME, read_event
from lyceum_database import Clock, utc_now

T = TypeVar("T")

log = logging.getLogger(__name__)

_CODE = re.compile(r"\A[a-z0-9_]{1,100}\Z")

TIMEOUT = timedelta(seconds=8)
"""Of one try; with one retry that is well within what a request may take."""

KEYS_LAST = timedelta(hours=23)
"""Idempotency keys are forgotten after a day at the earliest: https://docs.stripe.com/api/idempotent_requests"""


class StripeProvider:
    """Speaks to one Stripe account.

    Args:
        api_key: `sk_...` or, better, a restricted key that may write payment intents and refunds.
        webhook_secrets: `whsec_...` of the endpoint; several while they are changed.
        clock: what deliveries are compared with.
        timeout: of one try at the API.
        retries: after the first try, of what may be repeated safely: every call here may.
        api_base: the API's address; for tests and egress proxies.
    """

    name = "stripe"

    def __init__(
        self,
        api_key: SecretStr,
        webhook_secrets: Sequence[SecretStr],
        *,
        clock: Clock = utc_now,
        timeout: timedelta = TIMEOUT,
        retries: int = 1,
        api_base: str | None = None,
    ) -> None:
        # The library writes whole answers to the log at DEBUG, client secrets among them, and at INFO the API's own
        # words on what went wrong, which quote keys.
        logging.getLogger("stripe").setLevel(logging.WARNING)
        self._secrets = tuple(webhook_secrets)
        self._clock = clock
        self._client = stripe.StripeClient(
            api_key.get_secret_value(),
            http_client=stripe.RequestsClient(timeout=timeout.total_seconds()),
            max_network_retries=retries,
            base_addresses={"api": api_base} if api_base else None,
        )

    def create_payment(self, request: PaymentRequest) -> Payment:
        """See `PaymentProvider`. Stripe forgets idempotency keys after a day, so a known payment is asked for by id."""
        intents = self._client.v1.payment_intents
        reference = request.reference
        if reference is not None:
            intent = _called(lambda: intents.retrieve(reference))
        else:
            intent = _called(
                lambda: intents.create(
                    params={
                        "amount": request.amount_minor,
                        "currency": request.currency.lower(),
                        "description": request.description,
                        "automatic_payment_methods": {"enabled": True},
                        "metadata": {"purchase_id": request.purchase_id, "org_id": request.org_id},
                    },
                    options={"idempotency_key": f"payment-{request.purchase_id}"},
                )
            )
        return _payment(intent, request)

    def refund(self, request: RefundRequest) -> str:
        """See `PaymentProvider`. One that was asked for long ago may have been made without our hearing of it."""
        is_late = request.asked_since is not None and self._clock() - request.asked_since >= KEYS_LAST
        refund = self._made_before(request) if is_late else None
        refund = refund or _called(
            lambda: self._client.v1.refunds.create(
                params={
                    "payment_intent": request.reference,
                    "amount": request.amount_minor,
                    "reason": "requested_by_customer",
                    "metadata": {"purchase_id": request.purchase_id, "refund_id": request.refund_id},
                },
                options={"idempotency_key": f"refund-{request.refund_id}"},
            )
        )
        return _name(refund, "id")

    def _made_before(self, request: RefundRequest) -> Any | None:
        """Find a refund by the id that we gave it."""

        def found() -> Any | None:
            made = self._client.v1.refunds.list(params={"payment_intent": request.reference, "limit": 100})
            if getattr(made, "object", None) != "list":
                raise TypeError
            return next((one for one in made.auto_paging_iter() if _refund_id(one) == request.refund_id), None)

        return _called(found)

    def parse_webhook(self, raw: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        """See `PaymentProvider`."""
        secrets = (secret.get_secret_value() for secret in self._secrets)
        signatures.verify(raw, headers.get(signatures.HEADER), secrets, now=self._clock())
        return read_event(raw)


def _payment(intent: Any, request: PaymentRequest) -> Payment:
    """Take only what was asked for: another amount would be paid, and contradict the order for ever."""
    if getattr(intent, "status", None) == "canceled":
        raise ProviderRefused("payment_canceled")
    asked = (request.amount_minor, request.currency.lower())
    if (getattr(intent, "amount", None), getattr(intent, "currency", None)) != asked:
        raise ProviderGarbage
    return Payment(reference=_name(intent, "id"), client_secret=_name(intent, "client_secret"))


def _refund_id(refund: Any) -> object:
    return getattr(getattr(refund, "metadata", None), "refund_id", None)


def _name(answer: Any, member: str) -> str:
    value = getattr(answer, member, None)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME or not value.isprintable():
        raise ProviderGarbage
    return value


def _called(call: Callable[[], T]) -> T:
    """Call the library. The API's own words on an error quote keys, so nobody sees them: no log, no traceback."""
    try:
        return call()
    except stripe.StripeError as exc:
        facts = {"status": exc.http_status, "code": exc.code, "request_id": exc.request_id}
        log.warning("Stripe: %s %s", type(exc).__name__, facts, extra={"action": "provider_error"})
        raise _meaning(exc) from None
    except (ValueError, TypeError, AttributeError, KeyError) as exc:  # what the library makes of JSON that is no object
        log.warning("Stripe: unreadable answer: %s", type(exc).__name__, extra={"action": "provider_error"})
        raise ProviderGarbage from exc


def _meaning(error: stripe.StripeError) -> PaymentError:
    if isinstance(error, stripe.APIConnectionError | stripe.RateLimitError):
        return ProviderUnavailable()
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
        log.error("Stripe refuses the API key: check STRIPE_API_KEY", extra={"action": "provider_key_refused"})
        return ProviderUnavailable(retry_after_s=60)
    if isinstance(error, stripe.InvalidRequestError | stripe.CardError | stripe.IdempotencyError):
        return ProviderRefused(_code(error))
    if error.http_status == HTTPStatus.CONFLICT:  # the same click is being served elsewhere at this moment
        return ProviderUnavailable(retry_after_s=1)
    if (error.http_status or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ProviderUnavailable()
    return ProviderGarbage()


def _code(error: stripe.StripeError) -> str:
    """Stripe's own short word for it, https://docs.stripe.com/error-codes; anybody may read it."""
    code: object = error.code
    return code if isinstance(code, str) and _CODE.match(code) else "invalid_request"
