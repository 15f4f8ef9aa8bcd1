"""A slow provider holds few threads."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from course_service.payments.bounded import BoundedProvider
from course_service.payments.exceptions import ProviderRefused, ProviderUnavailable
from course_service.payments.provider import PaymentRequest, RefundRequest

from .shop import ScriptedProvider

REQUEST = PaymentRequest(purchase_id="p", org_id="o", amount_minor=1, currency="EUR", description="x")
REFUND = RefundRequest(refund_id="r", purchase_id="p", reference="pi", amount_minor=1, currency="EUR", reason="x")
SOON_S = 10


@pytest.fixture
def answers() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def test_one_more_than_may_wait_is_refused_at_once_and_webhooks_go_on(answers: threading.Event) -> None:
    slow, waits = ScriptedProvider(), threading.Semaphore(0)

    def hang() -> None:
        waits.release()
        assert answers.wait(SOON_S)

    slow.trouble = [hang, hang]
    bounded = BoundedProvider(slow, width=2)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(bounded.create_payment, REQUEST), pool.submit(bounded.refund, REFUND)
        assert waits.acquire(timeout=SOON_S)
        assert waits.acquire(timeout=SOON_S)

        with pytest.raises(ProviderUnavailable):
            bounded.create_payment(REQUEST)
        with pytest.raises(ProviderUnavailable):
            bounded.refund(REFUND)
        delivery = slow.paid("p", 1, "EUR")
        assert bounded.parse_webhook(delivery.body, delivery.headers).purchase_id == "p"

        answers.set()
        assert first.result(SOON_S).reference == "pi_fake_p"
        assert second.result(SOON_S) == "re_fake_r"
    assert bounded.name == "fake"


def test_a_place_is_free_again_after_an_error() -> None:
    provider = ScriptedProvider()
    provider.fails(ProviderRefused("x"), ProviderRefused("x"))
    bounded = BoundedProvider(provider, width=1)
    for _ in range(2):
        with pytest.raises(ProviderRefused):
            bounded.create_payment(REQUEST)

    assert bounded.create_payment(REQUEST).reference == "pi_fake_p"
