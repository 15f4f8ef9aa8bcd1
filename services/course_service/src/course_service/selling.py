"""Puts together everything that sells: a part of the composition root, for it to call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from prometheus_client.registry import Collector

from course_service.allocations.handlers import bound
from course_service.enrolments.repository import EnrolmentRepository
from course_service.enrolments.router import router as enrolment_routes
from course_service.enrolments.service import EnrolmentService
from course_service.enrolments.waitlist import Waitlist
from course_service.models import Enrolment, Purchase, WebhookEvent
from course_service.payments.fake_provider import Delivery
from course_service.payments.providers import build_providers
from course_service.payments.settings import PaymentSettings
from course_service.purchases.offers import CourseOffers
from course_service.purchases.repository import PurchaseRepository
from course_service.purchases.router import router as purchase_routes
from course_service.purchases.service import PurchaseService
from course_service.purchases.settling import Settling
from course_service.webhooks.figures import SalesFigures
from course_service.webhooks.repository import WebhookEventRepository
from course_service.webhooks.router import router as webhook_routes
from course_service.webhooks.service import WebhookService
from keylane import Every, Handler
from lyceum_allocation import AllocationRepository
from lyceum_database import OUTAGES, Clock, Contended, utc_now

ROUTERS: tuple[APIRouter, ...] = (purchase_routes, enrolment_routes, webhook_routes)
MODELS = (Purchase, Enrolment, WebhookEvent)

SWEPT_EVERY = timedelta(seconds=10)
ORDERS_LESS_OFTEN = 3
"""Orders are settled by their events; a sweep finds one of them only after a crash or an outage."""
_OUTAGES = (*OUTAGES, Contended)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selling:
    """What was built, each once.

    Attributes:
        services: what routes ask for, by class.
        handlers: of events on the topic `allocations`.
        sweepers: run beside the requests, in every replica.
        figures: for `/metrics`.
    """

    services: Mapping[type, Any]
    handlers: Mapping[str, Handler]
    sweepers: Sequence[Every]
    figures: Collector


def build_selling(
    settings: PaymentSettings,
    offers: CourseOffers,
    *,
    sweep_interval: timedelta = SWEPT_EVERY,
    clock: Clock = utc_now,
) -> Selling:
    """Build it; nothing is connected or asked yet.

    Args:
        settings: of the payment providers, checked before.
        offers: what courses cost.
        sweep_interval: between two looks at payment events that are not done.
        clock: tells the time.
    """
    orders, events = PurchaseRepository(clock=clock), WebhookEventRepository(clock=clock)
    enrolments = EnrolmentRepository(clock=clock)
    enrolling = EnrolmentService(enrolments, clock=clock)
    told: list[WebhookService] = []
    providers = build_providers(settings, deliver=lambda delivery: _hear(told[0], delivery), clock=clock)
    settling = Settling(orders, enrolling, providers, clock=clock)
    webhooks = WebhookService(events=events, orders=orders, settling=settling, providers=providers, clock=clock)
    told.append(webhooks)
    purchases = PurchaseService(
        orders=orders,
        enrolments=enrolments,
        offers=offers,
        providers=providers,
        provider=settings.payment_provider,
        settling=settling,
        clock=clock,
    )
    waitlist = Waitlist(AllocationRepository(clock=clock), clock=clock)
    return Selling(
        services={type(one): one for one in (orders, enrolments, purchases, webhooks, waitlist)},
        handlers=bound(enrolling),
        sweepers=(
            Every("payment events", sweep_interval, webhooks.sweep, outages=_OUTAGES),
            Every("unsettled purchases", ORDERS_LESS_OFTEN * sweep_interval, settling.sweep, outages=_OUTAGES),
        ),
        figures=SalesFigures(events, orders),
    )


def _hear(webhooks: WebhookService, delivery: Delivery) -> None:
    """Take what the fake provider tells, as if it had come over the network."""
    webhooks.act_at_once(webhooks.receive("fake", delivery.body, delivery.headers))
