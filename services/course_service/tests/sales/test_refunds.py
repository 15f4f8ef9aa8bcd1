"""Money goes back once per wish, never more than was paid, and counts once the provider tells of it."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from course_service.payments.exceptions import PaymentError, ProviderGarbage, ProviderRefused, ProviderUnavailable
from course_service.payments.fake_provider import Delivery
from course_service.purchases.exceptions import KeyReused, NotRefundable, RefundTooLarge
from lyceum_database import NotFound

from .shop import PRICE, Shop


@pytest.fixture
def paid(shop: Shop) -> str:
    order_id = shop.order()
    shop.receives(shop.paid(order_id))
    return order_id


def test_a_refund_is_asked_of_the_provider_and_counts_when_he_tells(shop: Shop, paid: str) -> None:
    order = shop.gives_back(paid)
    assert [(refund.amount_minor, refund.status) for refund in order.refunds] == [(PRICE, "accepted")]
    assert shop.may_attend()

    shop.told()

    assert shop.stored(paid).status == "refunded"
    assert not shop.may_attend()
    assert "changed plans" in shop.stored(paid).outbox[-1]["value"]


def test_parts_add_up_and_the_rest_is_given_back_when_no_amount_is_named(shop: Shop, paid: str) -> None:
    shop.gives_back(paid, 1000, key="r1")
    shop.told()
    assert (shop.stored(paid).status, shop.stored(paid).refunded_minor) == ("part_refunded", 1000)

    shop.gives_back(paid, key="r2")
    shop.told()

    assert [refund.amount_minor for refund in shop.stored(paid).refunds] == [1000, PRICE - 1000]
    assert shop.stored(paid).status == "refunded"


def test_one_key_is_one_refund_however_often_it_is_sent(shop: Shop, paid: str) -> None:
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: shop.gives_back(paid, 1000), range(30)))
    shop.told()

    assert [refund.status for refund in shop.stored(paid).refunds] == ["accepted"]
    assert shop.stored(paid).refunded_minor == 1000


@pytest.mark.parametrize("amount", [999, 1001])
def test_a_key_is_for_one_refund(shop: Shop, paid: str, amount: int) -> None:
    shop.gives_back(paid, 1000)

    with pytest.raises(KeyReused):
        shop.gives_back(paid, amount)


def test_many_at_once_never_give_back_more_than_was_paid(shop: Shop, paid: str) -> None:
    def try_one(number: int) -> bool:
        try:
            shop.gives_back(paid, 1000, key=f"r{number}")
        except (RefundTooLarge, NotRefundable):
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        given = list(pool.map(try_one, range(20)))
    shop.told()

    assert sum(given) == 4
    assert shop.stored(paid).refunded_minor == 4000


def test_what_was_given_back_elsewhere_counts_too(shop: Shop, paid: str) -> None:
    shop.receives(shop.refunded(paid, PRICE - 10))

    with pytest.raises(RefundTooLarge, match="from 1 to 10 EUR"):
        shop.gives_back(paid, 11)


@pytest.mark.parametrize("amount", [0, PRICE + 1])
def test_an_amount_that_is_not_there_is_refused(shop: Shop, paid: str, amount: int) -> None:
    with pytest.raises(RefundTooLarge):
        shop.gives_back(paid, amount)


def test_what_is_not_paid_or_given_back_already_is_refused(shop: Shop, paid: str) -> None:
    with pytest.raises(NotRefundable, match="created"):
        shop.gives_back(shop.order("k2"))
    shop.gives_back(paid)
    with pytest.raises(NotRefundable, match="asked back already"):
        shop.gives_back(paid, key="r2")
    shop.told()
    with pytest.raises(NotRefundable, match="refunded"):
        shop.gives_back(paid, key="r3")
    with pytest.raises(NotFound):
        shop.gives_back("nobody-ordered")


@pytest.mark.parametrize("error", [ProviderUnavailable(), ProviderGarbage()], ids=["away", "garbage"])
def test_a_wish_outlives_its_provider_and_a_sweep_asks_again(shop: Shop, paid: str, error: Exception) -> None:
    shop.provider.fails(error, error)
    since = shop.clock()
    with pytest.raises(type(error)):
        shop.gives_back(paid)
    assert [refund.status for refund in shop.stored(paid).refunds] == ["requested"]

    shop.sweeps()
    assert [refund.status for refund in shop.stored(paid).refunds] == ["requested"]
    shop.sweeps()
    shop.told()

    assert [refund.status for refund in shop.stored(paid).refunds] == ["accepted"]
    assert shop.stored(paid).settle_due is None
    assert len({request.refund_id for request in shop.provider.refunds}) == 1
    assert {request.asked_since for request in shop.provider.refunds} == {since}, "so that one made before is found"


def test_the_same_key_asks_again_too(shop: Shop, paid: str) -> None:
    shop.provider.fails(ProviderUnavailable())
    with pytest.raises(ProviderUnavailable):
        shop.gives_back(paid)

    order = shop.gives_back(paid)

    assert [refund.status for refund in order.refunds] == ["accepted"]


def test_a_provider_that_is_long_away_is_asked_ever_more_seldom(shop: Shop, paid: str) -> None:
    shop.provider.fails(*[ProviderUnavailable()] * 1000)
    with pytest.raises(ProviderUnavailable):
        shop.gives_back(paid)

    asked = sum(shop.sweeps(timedelta(minutes=1)) for _ in range(24 * 60))

    assert 24 <= asked <= 35


def test_a_refund_that_is_refused_frees_its_amount(shop: Shop, paid: str) -> None:
    shop.provider.fails(ProviderRefused("insufficient_funds"))

    order = shop.gives_back(paid)

    (refund,) = order.refunds
    assert (refund.status, refund.failure) == ("refused", "insufficient_funds")
    assert shop.stored(paid).settle_due is None
    assert [refund.status for refund in shop.gives_back(paid, key="r2").refunds] == ["refused", "accepted"]


def test_a_free_course_is_taken_back_at_once(shop: Shop) -> None:
    shop.stock("free", price_minor=0)
    shop.course = "free"
    order_id = shop.order()

    order = shop.gives_back(order_id)

    assert order.status == "refunded"
    assert not shop.may_attend()
    assert shop.told_types(order_id) == ["PURCHASE_CREATED", "PURCHASE_REFUNDED"]
    assert "changed plans" in shop.stored(order_id).outbox[-1]["value"]
    assert shop.provider.refunds == []


def failed(shop: Shop, order_id: str) -> Delivery:
    """The payer's bank sent the money of the order's one refund back."""
    (refund,) = shop.stored(order_id).refunds
    told = {
        "id": "re_1",
        "object": "refund",
        "status": "failed",
        "payment_intent": f"pi_fake_{order_id}",
        "metadata": {"purchase_id": order_id, "refund_id": refund.refund_id},
    }
    event = {"id": "evt_f", "object": "event", "type": "refund.failed", "created": 1, "data": {"object": told}}
    return shop.provider.signed(json.dumps(event).encode())


def test_a_refund_that_comes_back_is_noted_and_left_to_a_person(
    shop: Shop, paid: str, caplog: pytest.LogCaptureFixture
) -> None:
    shop.gives_back(paid)
    shop.told()

    shop.receives(failed(shop, paid))

    assert [refund.status for refund in shop.stored(paid).refunds] == ["failed"]
    assert shop.stored(paid).status == "refunded"
    assert "refund_failed" in [getattr(record, "action", "") for record in caplog.records]


def test_an_answer_that_comes_after_the_failure_does_not_hide_it(shop: Shop, paid: str) -> None:
    shop.provider.fails(ProviderUnavailable())
    with pytest.raises(ProviderUnavailable):
        shop.gives_back(paid)
    shop.receives(failed(shop, paid))

    assert [refund.status for refund in shop.gives_back(paid).refunds] == ["failed"]


def test_a_failure_that_is_told_while_the_provider_answers_is_not_hidden_by_the_answer(shop: Shop, paid: str) -> None:
    shop.provider.trouble = [lambda: shop.receives(failed(shop, paid))]

    assert [refund.status for refund in shop.gives_back(paid).refunds] == ["failed"]


def test_a_refund_of_a_provider_that_is_gone_waits_for_it(shop: Shop, paid: str) -> None:
    provider = shop.providers.pop("fake")
    with pytest.raises(PaymentError, match="not set up here"):
        shop.gives_back(paid)
    shop.providers["fake"] = provider

    shop.sweeps()

    assert [refund.status for refund in shop.stored(paid).refunds] == ["accepted"]


def test_an_order_that_is_settled_meanwhile_is_not_taken_up_again(shop: Shop, paid: str) -> None:
    shop.provider.fails(ProviderUnavailable())
    with pytest.raises(ProviderUnavailable):
        shop.gives_back(paid)
    seen = shop.stored(paid)
    shop.gives_back(paid)

    assert not shop.orders.postpone(seen, shop.clock() + timedelta(hours=1))
    assert shop.stored(paid).settle_due is None


def test_a_provider_that_is_away_is_asked_once_per_sweep_and_holds_up_no_access(shop: Shop, paid: str) -> None:
    waiting = [shop.order(f"k{number}", student=f"s{number}") for number in range(3)]
    for order_id in waiting:
        shop.receives(shop.paid(order_id))
        shop.provider.fails(ProviderUnavailable())
        with pytest.raises(ProviderUnavailable):
            shop.gives_back(order_id)
    shop.stock("free", price_minor=0)
    shop.course = "free"
    dies_at_the_enrolment(shop)
    shop.provider.refunds.clear()
    shop.provider.fails(*[ProviderUnavailable()] * 10)

    assert shop.sweeps() == 4
    assert len(shop.provider.refunds) == 1
    assert shop.may_attend("eve")

    shop.provider.trouble.clear()
    shop.sweeps(timedelta(hours=2))
    assert {refund.status for order_id in waiting for refund in shop.stored(order_id).refunds} == {"accepted"}


def dies_at_the_enrolment(shop: Shop) -> None:
    with pytest.MonkeyPatch.context() as dying:
        dying.setattr(shop.settling, "enrol", raising)
        with pytest.raises(RuntimeError):
            shop.buys("free", student="eve")
    assert not shop.may_attend("eve")


def raising(*_: object) -> None:
    raise RuntimeError("died")
