"""An order is taken once per key, at the server's price, whatever becomes of the provider."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from course_service.changes import Change
from course_service.models import Enrolment, Purchase
from course_service.payments.exceptions import PaymentError, ProviderGarbage, ProviderRefused, ProviderUnavailable
from course_service.purchases.exceptions import KeyReused, LanguageUnknown, NotForSale, PurchaseLimit
from lyceum_database import CourseRepository, Duplicate, NotFound

from .shop import PRICE, Shop

CLICKS = 50


def test_an_order_has_the_price_of_the_course_and_says_how_to_pay(shop: Shop) -> None:
    bought = shop.buys(language="de", second_language="en", wants=[9, 3, 9])

    order = shop.stored(bought.order.id)
    assert (order.amount_minor, order.currency, order.status, order.title) == (PRICE, "EUR", "created", "Algebra")
    assert (order.subject, order.language, order.second_language, order.wants) == ("math", "de", "en", [3, 9])
    assert bought.payment is not None
    assert (order.provider, order.provider_ref) == ("fake", bought.payment.reference)
    assert bought.payment.client_secret
    assert not shop.may_attend()


def test_fifty_clicks_with_one_key_are_one_order_and_one_payment(shop: Shop) -> None:
    with ThreadPoolExecutor(16) as pool:
        bought = list(pool.map(lambda _: shop.buys("same"), range(CLICKS)))

    assert len({one.order.id for one in bought}) == 1
    assert len({one.payment.reference for one in bought if one.payment}) == 1
    assert Purchase.objects.count() == 1


def test_fifty_keys_are_fifty_orders_and_one_enrolment(shop: Shop) -> None:
    with ThreadPoolExecutor(16) as pool:
        bought = list(pool.map(lambda number: shop.buys(f"key-{number}"), range(CLICKS)))
        list(pool.map(lambda one: shop.receives(shop.paid(one.order.id)), bought))

    ids = sorted(one.order.id for one in bought)
    assert len(set(ids)) == CLICKS
    assert Enrolment.objects.count() == 1
    enrolment = shop.access()
    assert enrolment is not None
    assert enrolment.grants == ids


def test_the_same_key_of_another_student_is_another_order(shop: Shop) -> None:
    assert shop.order("k1", student="ana") != shop.order("k1", student="ben")


def test_a_key_is_for_one_thing(shop: Shop) -> None:
    shop.buys("k1", language="en")

    with pytest.raises(KeyReused):
        shop.buys("k1", language="de")

    assert Purchase.objects.count() == 1


def test_a_key_means_the_same_order_for_ever_also_after_the_course_changed(shop: Shop) -> None:
    first = shop.buys("k1")
    courses = CourseRepository()
    course = courses.get("algebra")
    course.price_minor, course.status = 1, "archived"
    courses.save(course)

    again = shop.buys("k1")

    assert (again.order.id, again.order.amount_minor) == (first.order.id, PRICE)


@pytest.mark.parametrize(
    "error",
    [ProviderUnavailable(), ProviderGarbage(), ProviderRefused("amount_too_small")],
    ids=lambda e: type(e).__name__,
)
def test_an_order_survives_its_provider_and_the_same_key_goes_on(shop: Shop, error: PaymentError) -> None:
    shop.provider.fails(error)
    with pytest.raises(type(error)):
        shop.buys("k1")
    (order,) = Purchase.objects
    assert (order.status, order.provider_ref) == ("created", None)

    bought = shop.buys("k1")

    assert bought.order.id == order.id
    assert bought.payment is not None
    assert shop.stored(order.id).provider_ref == bought.payment.reference
    # What is asked for again says the same: the provider compares.
    assert shop.provider.asked[0] == shop.provider.asked[1]


def test_a_known_payment_is_asked_for_by_its_reference(shop: Shop) -> None:
    first = shop.buys("k1")
    shop.buys("k1")

    assert first.payment is not None
    assert [request.reference for request in shop.provider.asked] == [None, first.payment.reference]


def test_a_paid_order_is_found_again_without_a_payment(shop: Shop) -> None:
    order_id = shop.order("k1")
    shop.receives(shop.paid(order_id))

    again = shop.buys("k1")

    assert (again.order.id, again.payment, again.order.status) == (order_id, None, "paid")


def test_a_free_course_is_paid_at_once(shop: Shop) -> None:
    shop.stock("free", price_minor=0)
    shop.course = "free"

    bought = shop.buys("k1")

    assert (bought.order.status, bought.payment) == ("paid", None)
    assert shop.may_attend()
    assert shop.told_types(bought.order.id) == ["PURCHASE_CREATED"]
    assert shop.stored(bought.order.id).settle_due is None
    assert shop.provider.asked == []


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"status": "draft"}, NotForSale),
        ({"status": "archived"}, NotForSale),
        ({"subject": "math|en"}, NotForSale),
        ({"languages": []}, LanguageUnknown),
        ({"languages": ["not a language"]}, NotForSale),
        ({"org_id": "other"}, NotFound),
    ],
)
def test_what_cannot_be_sold_is_not_ordered(shop: Shop, changes: dict[str, Any], error: type[Exception]) -> None:
    shop.stock("odd", **changes)
    shop.course = "odd"

    with pytest.raises(error):
        shop.buys()

    assert Purchase.objects.count() == 0


def test_a_course_is_bought_a_hundred_times_at_most(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("course_service.purchases.service.MOST_GRANTS", 2)
    for number in range(2):
        shop.receives(shop.paid(shop.order(f"k{number}")))

    with pytest.raises(PurchaseLimit, match="at most 2 times"):
        shop.buys("one more")


def test_a_payment_belongs_to_one_order(shop: Shop) -> None:
    reference = shop.stored(shop.order("k1")).provider_ref
    other = shop.stored(shop.order("k2"))

    with pytest.raises(Duplicate) as raised:
        shop.orders.change(other, Change({"provider_ref": reference}))

    assert raised.value.__cause__ is not None
    assert shop.stored(other.id).provider_ref != reference
