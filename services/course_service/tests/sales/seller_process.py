"""Sells without end, in a process of its own that is killed: python seller_process.py MONGODB_URI DATABASE SECRET.

Prints `acknowledged ORDER` once a delivery is stored, as the endpoint answers 200 then; what follows may be cut off.
"""

import itertools
import sys

from pydantic import SecretStr

from course_service.courses.repository import CourseStore, CourseVersions
from course_service.enrolments.repository import EnrolmentRepository
from course_service.enrolments.service import EnrolmentService
from course_service.payments.fake_provider import FakeProvider
from course_service.payments.provider import PaymentProvider
from course_service.purchases.offers import StoredOffers
from course_service.purchases.orders import Wanted
from course_service.purchases.repository import PurchaseRepository
from course_service.purchases.service import PurchaseService
from course_service.purchases.settling import Settling
from course_service.webhooks.repository import WebhookEventRepository
from course_service.webhooks.service import WebhookService
from lyceum_database import MongoSettings, connect, new_id

uri, name, secret = sys.argv[1:]
connect(MongoSettings(uri=uri, database=name))
fake = FakeProvider(SecretStr(secret))
providers: dict[str, PaymentProvider] = {"fake": fake}
orders, enrolments, events = PurchaseRepository(), EnrolmentRepository(), WebhookEventRepository()
settling = Settling(orders, EnrolmentService(enrolments), providers)
webhooks = WebhookService(events=events, orders=orders, settling=settling, providers=providers)
purchases = PurchaseService(
    orders=orders,
    enrolments=enrolments,
    offers=StoredOffers(CourseStore(), CourseVersions()),
    providers=providers,
    provider="fake",
    settling=settling,
)
for number in itertools.count():
    wanted = Wanted(org_id="default", student_id=f"student-{number % 7}", course_id="algebra", key=new_id())
    order = purchases.buy(wanted).order
    told = [fake.paid(order.id, order.amount_minor, order.currency)]
    if number % 3 == 0:
        told.insert(number % 2, fake.refunded(order.id, order.amount_minor, order.currency))
    for delivery in told:
        event = webhooks.receive("fake", delivery.body, delivery.headers)
        sys.stdout.write(f"acknowledged {order.id} {event.kind}\n")
        sys.stdout.flush()
        webhooks.act_at_once(event)
