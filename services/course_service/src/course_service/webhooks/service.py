"""Stores what providers tell, and acts upon it until it is done.

An event counts as done only once the order AND the student's access are written; both writes may be repeated.
"""

import hashlib
import logging
from collections.abc import Mapping
from functools import partial

from course_service.models import Purchase, WebhookEvent
from course_service.payments.provider import PaymentProvider, ProviderEvent
from course_service.purchases import rules as purchase_rules
from course_service.purchases.exceptions import Contradiction, OrderUnknown
from course_service.purchases.repository import PurchaseRepository
from course_service.purchases.settling import Settling
from course_service.states import PaymentEventKind, WebhookStatus
from course_service.webhooks import rules
from course_service.webhooks.exceptions import UnknownProvider
from course_service.webhooks.repository import WebhookEventRepository
from lyceum_database import OUTAGES, Clock, Contended, Duplicate, until_settled, utc_now

log = logging.getLogger(__name__)

PAGE = 100
_LATER: tuple[type[Exception], ...] = (*OUTAGES, Contended)
_TOLD = ("event_id", "event_type", "kind", "reference", "purchase_id", "amount_minor", "refunded_minor", "refund_id")


class WebhookService:
    """Webhooks of payment providers. Any number of processes may receive, act and sweep at once."""

    def __init__(
        self,
        *,
        events: WebhookEventRepository,
        orders: PurchaseRepository,
        settling: Settling,
        providers: Mapping[str, PaymentProvider],
        clock: Clock = utc_now,
    ) -> None:
        self._events = events
        self._orders = orders
        self._settling = settling
        self._providers = providers
        self._clock = clock

    def receive(self, provider: str, raw: bytes, headers: Mapping[str, str]) -> WebhookEvent:
        """Check a delivery and store it: once this returns it may be acknowledged. A repeated one is the one before.

        Args:
            provider: whose.
            raw: the body, byte for byte.
            headers: names in lower case.

        Raises:
            UnknownProvider: there is no such provider.
            BadSignature, StaleTimestamp, UnreadableEvent: it is not taken, and nothing was stored.
            Unavailable: it could not be stored; the provider delivers again.
        """
        known = self._providers.get(provider)
        if known is None:
            raise UnknownProvider
        return self._stored(provider, known.parse_webhook(raw, headers), hashlib.sha256(raw).hexdigest())

    def act_at_once(self, event: WebhookEvent) -> None:
        """Act upon an event that was just received; if that fails the sweep does it, so nothing is raised."""
        try:
            self.act(event)
        except _LATER as exc:
            extra = {"action": "webhook_postponed", "event_id": event.event_id}
            log.warning("event %s waits for the sweep: %s", event.event_id, exc, extra=extra)
        except Exception:
            extra = {"action": "webhook_failed", "event_id": event.event_id}
            log.exception("event %s waits for the sweep", event.event_id, extra=extra)

    def act(self, event: WebhookEvent) -> bool:
        """Act upon an event; False if somebody else does or did.

        Raises:
            Contended: too many writers at once.
        """
        if event.status != WebhookStatus.RECEIVED.value or event.due is None:
            return False
        if not self._events.claim(event, rules.next_try(event.tries, self._clock())):
            return False
        try:
            outcome = self._outcome(event)
        except OrderUnknown as exc:
            self._not_yet(event, str(exc))
        except Contradiction as exc:
            self._give_up(event, str(exc))
        else:
            self._events.finish(event.id, WebhookStatus.DONE, outcome)
        return True

    def sweep(self) -> int:
        """Act upon what is due; returns how many events were tried. One that fails holds up no other.

        Raises:
            Unavailable, AccessDenied, NotConnected: the database is away.
        """
        count, some = 0, 1
        while some:
            due = self._events.due(self._clock(), limit=PAGE)
            some = sum(self._act_alone(event) for event in due)
            count += some
        return count

    def _stored(self, provider: str, told: ProviderEvent, body_sha256: str) -> WebhookEvent:
        now = self._clock()
        event = WebhookEvent(
            provider=provider,
            received_at=now,
            due=now + rules.GRACE,
            body_sha256=body_sha256,
            occurred_at=told.occurred_at,
            currency=told.currency,
            **{name: getattr(told, name) for name in _TOLD},
        )
        try:
            return self._events.insert(event)
        except Duplicate:
            found = self._events.by_event_id(provider, told.event_id)
            if found is None:
                raise
            return found

    def _act_alone(self, event: WebhookEvent) -> bool:
        try:
            return self.act(event)
        except OUTAGES:
            raise
        except Contended as exc:
            self._not_yet(event, str(exc))
        except Exception as exc:
            extra = {"action": "webhook_failed", "event_id": event.event_id}
            log.exception("event %s could not be acted upon", event.event_id, extra=extra)
            self._not_yet(event, f"unexpected {type(exc).__name__}")
        return True

    def _outcome(self, event: WebhookEvent) -> str:
        if event.kind == PaymentEventKind.OTHER.value:
            return "of no interest here"
        order = until_settled(partial(self._taken, event, _told_by(event)))
        self._settling.enrol(order)
        if event.kind == PaymentEventKind.REFUND_FAILED.value:
            extra = {"action": "refund_failed", "purchase_id": order.id}
            log.error("a refund of purchase %s came back from the payer's bank: ask a person", order.id, extra=extra)
        return f"purchase {order.id} is {order.status}"

    def _taken(self, event: WebhookEvent, told: ProviderEvent) -> Purchase | None:
        order = self._order_of(event)
        change = purchase_rules.take(order, told, self._clock())
        if change is None or self._orders.change(order, change, cause_id=event.id):
            return order
        return None

    def _order_of(self, event: WebhookEvent) -> Purchase:
        """Find the order by its payment, or by what the payment says whom it is for: it may not be noted yet."""
        found = self._orders.by_reference(event.provider, event.reference) if event.reference else None
        if found is None and event.purchase_id:
            found = self._orders.find(event.purchase_id)
        if found is None:
            raise OrderUnknown(f"no purchase is known for payment {event.reference}")
        if found.provider != event.provider:
            raise Contradiction(f"purchase {found.id} is paid with {found.provider}")
        return found

    def _not_yet(self, event: WebhookEvent, why: str) -> None:
        if rules.is_given_up(event.received_at, self._clock()):
            self._give_up(event, why)
        else:
            self._events.note(event.id, why)

    def _give_up(self, event: WebhookEvent, why: str) -> None:
        extra = {"action": "webhook_dead", "event_id": event.event_id}
        log.error("event %s of %s is given up: %s", event.event_id, event.provider, why, extra=extra)
        self._events.finish(event.id, WebhookStatus.DEAD, why)


def _told_by(event: WebhookEvent) -> ProviderEvent:
    told = {name: getattr(event, name) for name in _TOLD}
    return ProviderEvent(
        **{**told, "kind": PaymentEventKind(event.kind)}, currency=event.currency, occurred_at=event.occurred_at
    )
