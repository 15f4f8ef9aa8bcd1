"""A shop with one course, a payment provider that does as it is told, and a clock that is moved by hand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from pydantic import SecretStr

from course_service.courses.repository import CourseStore, CourseVersions
from course_service.enrolments.repository import EnrolmentRepository
from course_service.enrolments.service import EnrolmentService
from course_service.models import CourseVersion, Enrolment, Purchase, WebhookEvent
from course_service.payments.fake_provider import Delivery, FakeProvider
from course_service.payments.provider import Payment, PaymentRequest, RefundRequest
from course_service.purchases.offers import StoredOffers
from course_service.purchases.orders import Wanted
from course_service.purchases.repository import PurchaseRepository
from course_service.purchases.service import Bought, PurchaseService, RefundWish
from course_service.purchases.settling import Settling
from course_service.webhooks.repository import WebhookEventRepository
from course_service.webhooks.service import WebhookService
from lyceum_database import Course, CourseRepository
from lyceum_database.testing import ManualClock

PRICE = 4900
SECRET = SecretStr("whsec_test_only")


class ScriptedProvider(FakeProvider):
    """The fake one, which first does what a test puts into `trouble`: each is called, and may raise."""

    def __init__(self, **options: Any) -> None:
        super().__init__(SECRET, **options)
        self.trouble: list[Callable[[], object]] = []
        self.asked: list[PaymentRequest] = []
        self.refunds: list[RefundRequest] = []

    def create_payment(self, request: PaymentRequest) -> Payment:
        self.asked.append(request)
        self._be_troubled()
        return super().create_payment(request)

    def refund(self, request: RefundRequest) -> str:
        self.refunds.append(request)
        self._be_troubled()
        return super().refund(request)

    def fails(self, *errors: Exception) -> None:
        self.trouble += [_raising(error) for error in errors]

    def _be_troubled(self) -> None:
        if self.trouble:
            self.trouble.pop(0)()


def _raising(error: Exception) -> Callable[[], object]:
    def fail() -> object:
        raise error

    return fail


@dataclass
class Shop:
    """Everything that sells, put together as the program does."""

    clock: ManualClock = field(default_factory=ManualClock)
    course: str = "algebra"

    def __post_init__(self) -> None:
        self.provider = ScriptedProvider(clock=self.clock)
        self.providers = {"fake": self.provider}
        self.orders = PurchaseRepository(clock=self.clock)
        self.enrolments = EnrolmentRepository(clock=self.clock)
        self.events = WebhookEventRepository(clock=self.clock)
        self.enrolling = EnrolmentService(self.enrolments, clock=self.clock)
        self.settling = Settling(self.orders, self.enrolling, self.providers, clock=self.clock)
        self.webhooks = WebhookService(
            events=self.events,
            orders=self.orders,
            settling=self.settling,
            providers=self.providers,
            clock=self.clock,
        )
        self.purchases = PurchaseService(
            orders=self.orders,
            enrolments=self.enrolments,
            offers=StoredOffers(CourseStore(clock=self.clock), CourseVersions(clock=self.clock)),
            providers=self.providers,
            provider="fake",
            settling=self.settling,
            clock=self.clock,
        )

    def stock(self, course: str = "algebra", **changes: Any) -> None:
        """Offer a course: what is sold is its version; the draft says something else."""
        state = {"status": "published", "published_version": 1}
        state |= {name: changes.pop(name) for name in (*state, "org_id") if name in changes}
        fields = {"title": "Algebra", "subject": "math", "languages": ["en"], "price_minor": PRICE, **changes}
        drafted = {"title": "A draft", "subject": "draft", "price_minor": 1}
        CourseRepository(clock=self.clock).insert(Course(id=course, slug=course, **drafted, **state))
        if state["published_version"] is not None:
            version = {"number": state["published_version"], "currency": "EUR", **fields}
            CourseVersions(clock=self.clock).add(
                CourseVersion(course_id=course, sha256="0" * 64, made_by="ada", **version)
            )

    def buys(self, key: str = "k1", *, student: str = "ana", org: str = "default", **changes: Any) -> Bought:
        return self.purchases.buy(Wanted(org_id=org, student_id=student, course_id=self.course, key=key, **changes))

    def order(self, key: str = "k1", **changes: Any) -> str:
        """Buy, and return the order's id."""
        return str(self.buys(key, **changes).order.id)

    def gives_back(self, order_id: str, amount_minor: int | None = None, *, key: str = "r1") -> Purchase:
        wish = RefundWish(key=key, amount_minor=amount_minor, reason="changed plans", by="boss")
        return self.purchases.refund(order_id, wish, org_id="default")

    def paid(self, order_id: str, amount_minor: int = PRICE, currency: str = "EUR") -> Delivery:
        return self.provider.paid(order_id, amount_minor, currency)

    def refunded(self, order_id: str, total_minor: int = PRICE, currency: str = "EUR") -> Delivery:
        return self.provider.refunded(order_id, total_minor, currency)

    def receives(self, *deliveries: Delivery) -> None:
        """Take deliveries as the endpoint does: store, then act."""
        for delivery in deliveries:
            self.webhooks.act_at_once(self.webhooks.receive("fake", delivery.body, delivery.headers))

    def told(self) -> None:
        """Take what the provider has told meanwhile."""
        while self.provider.outgoing:
            self.receives(self.provider.outgoing.pop(0))

    def sweeps(self, after: timedelta = timedelta(minutes=1)) -> int:
        self.clock.advance(after)
        return self.webhooks.sweep() + self.settling.sweep()

    def stored(self, order_id: str) -> Purchase:
        return self.orders.get(order_id)

    def access(self, student: str = "ana") -> Enrolment | None:
        return self.enrolments.of("default", student, self.course)

    def may_attend(self, student: str = "ana") -> bool:
        enrolment = self.access(student)
        return enrolment is not None and enrolment.status == "active"

    def told_types(self, order_id: str) -> list[str]:
        return [entry["type"] for entry in self.stored(order_id).outbox]


def events() -> Sequence[WebhookEvent]:
    return list(WebhookEvent.objects.order_by("pk"))
