"""What sells is put together whole, and refuses to start with payments that cannot work."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from prometheus_client import CollectorRegistry, generate_latest
from pydantic import SecretStr

from course_service.courses.repository import CourseStore, CourseVersions
from course_service.payments.bounded import BoundedProvider
from course_service.payments.fake_provider import FakeProvider
from course_service.payments.settings import PaymentSettings
from course_service.purchases.offers import StoredOffers
from course_service.purchases.orders import Wanted
from course_service.purchases.service import PurchaseService, RefundWish
from course_service.selling import ROUTERS, Selling, build_selling
from course_service.webhooks.service import WebhookService
from lyceum_database import close
from lyceum_program.errors import StartRefused

from .shop import PRICE, Shop


@pytest.fixture
def shop(embedded_shop: Shop) -> Shop:
    return embedded_shop


FAKE = "a secret of sixteen characters"
STRIPE = {"stripe_api_key": "sk_test_0123456789", "stripe_webhook_secrets": "whsec_one, whsec_two,"}


def settings(**given: str) -> PaymentSettings:
    return PaymentSettings(**{name: given.get(name) for name in PaymentSettings.model_fields if name in given})  # type: ignore[arg-type] # as the environment gives them: text


def built(shop: Shop) -> Selling:
    chosen = settings(payment_provider="fake", payment_fake_secret=FAKE)
    return build_selling(chosen, StoredOffers(CourseStore(), CourseVersions()), clock=shop.clock)


def asked_for(dependant: Dependant) -> Iterator[Any]:
    for part in dependant.dependencies:
        kind = inspect.getclosurevars(part.call).nonlocals.get("kind") if inspect.isfunction(part.call) else None
        if kind is not None:
            yield kind
        yield from asked_for(part)


def test_every_service_that_a_route_asks_for_is_there(shop: Shop) -> None:
    wanted = {kind for router in ROUTERS for route in router.routes for kind in asked_for(route.dependant)}  # type: ignore[attr-defined] # all are APIRoutes

    assert wanted
    assert wanted == set(built(shop).services)


def test_a_refund_through_the_provider_that_moves_no_money_comes_round(shop: Shop) -> None:
    selling = built(shop)
    purchases: PurchaseService = selling.services[PurchaseService]
    webhooks: WebhookService = selling.services[WebhookService]
    order = purchases.buy(Wanted(org_id="default", student_id="ana", course_id="algebra", key="k")).order
    delivery = FakeProvider(SecretStr(FAKE), clock=shop.clock).paid(order.id, PRICE, "EUR")
    webhooks.act_at_once(webhooks.receive("fake", delivery.body, delivery.headers))
    assert shop.may_attend()

    wish = RefundWish(key="r", amount_minor=None, reason="x", by="boss")
    purchases.refund(order.id, wish, org_id="default")

    assert shop.stored(order.id).status == "refunded"
    assert [refund.status for refund in shop.stored(order.id).refunds] == ["accepted"]
    assert not shop.may_attend()


def test_the_figures_count_what_waits_and_what_a_person_has_to_look_at(shop: Shop) -> None:
    registry = CollectorRegistry()
    registry.register(built(shop).figures)
    shop.receives(shop.paid("nobody-ordered"), shop.paid(shop.order(), currency="USD"))

    text = generate_latest(registry).decode()
    assert 'course_payment_events{status="received"} 1.0' in text
    assert 'course_payment_events{status="dead"} 1.0' in text
    assert "course_purchases_unsettled 0.0" in text
    close()
    assert "course_payment_events" in generate_latest(registry).decode()


def test_the_readme_says_how_to_pay_without_money(shop: Shop) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    given: dict[str, Any] = {}
    exec(example, given)  # noqa: S102 - our own page

    receiving = FakeProvider(SecretStr(FAKE))
    assert receiving.parse_webhook(given["delivery"].body, given["delivery"].headers).amount_minor == PRICE


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "set STRIPE_API_KEY"),
        ({"payment_provider": "fake"}, "needs PAYMENT_FAKE_SECRET"),
        ({"stripe_api_key": "sk_test_0123456789"}, "go together"),
        ({"stripe_webhook_secrets": "whsec_12345678"}, "go together"),
        ({**STRIPE, "stripe_api_key": "changeme"}, "begin with sk_"),
        ({**STRIPE, "stripe_webhook_secrets": "whsec_one,changeme"}, "no signing secret"),
    ],
)
def test_payments_that_cannot_work_end_the_start_with_a_line(given: dict[str, str], says: str) -> None:
    with pytest.raises(StartRefused, match=says):
        settings(**given).check(development=True)


def test_the_provider_that_moves_no_money_is_refused_in_production(shop: Shop) -> None:
    chosen = settings(**STRIPE, payment_fake_secret=FAKE)

    chosen.check(development=True)
    with pytest.raises(StartRefused, match="attends for nothing") as raised:
        chosen.check(development=False)
    assert FAKE not in str(raised.value)


@pytest.mark.parametrize(("key", "count"), [("sk_test_0123456789", 1), ("sk_live_0123456789", 0)])
def test_a_key_for_tests_is_said_in_production(key: str, count: int, caplog: pytest.LogCaptureFixture) -> None:
    settings(**{**STRIPE, "stripe_api_key": key}).check(development=True)
    assert caplog.records == []

    settings(**{**STRIPE, "stripe_api_key": key}).check(development=False)

    assert len(caplog.records) == count
    assert key not in caplog.text


def test_the_readme_names_every_setting() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")

    assert [name for name in PaymentSettings.model_fields if f"| `{name.upper()}` |" not in readme] == []


def test_stripe_is_set_up_with_all_of_its_secrets(shop: Shop) -> None:
    chosen = settings(**STRIPE)
    chosen.check(development=False)

    assert [secret.get_secret_value() for secret in chosen.webhook_secrets()] == ["whsec_one", "whsec_two"]
    assert "whsec" not in repr(chosen)
    selling = build_selling(chosen, StoredOffers(CourseStore(), CourseVersions()))
    providers = selling.services[WebhookService]._providers
    assert {name: type(one) for name, one in providers.items()} == {"stripe": BoundedProvider}
