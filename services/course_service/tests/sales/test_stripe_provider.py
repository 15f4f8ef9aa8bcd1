"""Stripe behind the port, on a server that answers like it, or as nobody would wish."""

import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from pydantic import SecretStr

from course_service.payments.exceptions import (
    BadSignature,
    PaymentError,
    ProviderGarbage,
    ProviderRefused,
    ProviderUnavailable,
)
from course_service.payments.provider import PaymentRequest, RefundRequest
from course_service.payments.signatures import HEADER, signature
from course_service.payments.stripe_provider import StripeProvider
from course_service.states import PaymentEventKind
from lyceum_database.testing import ManualClock

KEY = "sk_test_4eC39HqLyjWDarjtT1zdp7dc"
REQUEST = PaymentRequest(purchase_id="order-1", org_id="acme", amount_minor=4900, currency="EUR", description="Algebra")
REFUND = RefundRequest(
    refund_id="wish-1", purchase_id="order-1", reference="pi_1", amount_minor=1000, currency="EUR", reason="x"
)
INTENT = {
    "id": "pi_1",
    "object": "payment_intent",
    "amount": 4900,
    "currency": "eur",
    "client_secret": "pi_1_secret_abc",
    "status": "requires_payment_method",
}


@dataclass
class Answering:
    """What the server answers, and what it was asked."""

    status: int = 200
    body: bytes = json.dumps(INTENT).encode()
    wait: threading.Event | None = None
    hang_up: bool = False
    asked: list[tuple[str, str, dict[str, list[str]], dict[str, str]]] = field(default_factory=list)

    def error(self, status: int, **error: Any) -> None:
        self.status, self.body = status, json.dumps({"error": {"message": "no", **error}}).encode()


def handler_of(answering: Answering) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            form = parse_qs(self.rfile.read(length).decode())
            answering.asked.append((self.command, self.path, form, {n.lower(): v for n, v in self.headers.items()}))
            if answering.wait is not None:
                answering.wait.wait(20)
            if answering.hang_up:
                self.close_connection = True
                return
            self.send_response(answering.status)
            self.send_header("content-length", str(len(answering.body)))
            self.end_headers()
            self.wfile.write(answering.body)

        do_GET = do_POST  # noqa: N815 - the base class asks for it by this name

        def log_message(self, *_: object) -> None:
            """Nothing: the test looks at what was asked."""

    return Handler


@pytest.fixture
def answering() -> Answering:
    return Answering()


@pytest.fixture
def address(answering: Answering) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(answering))
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        if answering.wait is not None:
            answering.wait.set()
        server.shutdown()
        serving.join()
        server.server_close()


def provider(address: str, **options: Any) -> StripeProvider:
    defaults: dict[str, Any] = {"timeout": timedelta(seconds=5), "retries": 0}
    return StripeProvider(SecretStr(KEY), [SecretStr("whsec_1")], api_base=address, **{**defaults, **options})


def test_a_payment_is_asked_for_once_per_order(answering: Answering, address: str) -> None:
    payment = provider(address).create_payment(REQUEST)

    assert (payment.reference, payment.client_secret) == ("pi_1", "pi_1_secret_abc")
    ((method, path, form, headers),) = answering.asked
    assert (method, path) == ("POST", "/v1/payment_intents")
    assert (form["amount"], form["currency"], form["metadata[purchase_id]"]) == (["4900"], ["eur"], ["order-1"])
    assert headers["idempotency-key"] == "payment-order-1"


def test_a_known_payment_is_looked_up_as_the_idempotency_key_may_be_forgotten(
    answering: Answering, address: str
) -> None:
    known = PaymentRequest(
        purchase_id="order-1", org_id="acme", amount_minor=4900, currency="EUR", description="x", reference="pi_1"
    )

    assert provider(address).create_payment(known).client_secret == "pi_1_secret_abc"  # noqa: S105 - of no account
    assert [asked[:2] for asked in answering.asked] == [("GET", "/v1/payment_intents/pi_1")]


def test_a_refund_is_asked_for_once_per_wish(answering: Answering, address: str) -> None:
    answering.body = b'{"id": "re_1", "object": "refund", "status": "pending"}'

    assert provider(address).refund(REFUND) == "re_1"
    ((_, path, form, headers),) = answering.asked
    assert (path, form["payment_intent"], form["amount"]) == ("/v1/refunds", ["pi_1"], ["1000"])
    assert (form["metadata[refund_id]"], headers["idempotency-key"]) == (["wish-1"], "refund-wish-1")


def listed(*refund_ids: str) -> bytes:
    refunds = [{"id": f"re_{one}", "object": "refund", "metadata": {"refund_id": one}} for one in refund_ids]
    others: list[dict[str, Any]] = [{"id": "re_by_hand", "object": "refund", "metadata": {}}]
    told = {"object": "list", "url": "/v1/refunds", "has_more": False, "data": others + refunds}
    return json.dumps(told).encode()


def test_a_refund_is_made_once_however_late_it_is_asked_for_again(answering: Answering, address: str) -> None:
    """Stripe forgets the key after a day, but not the refund: a part given back twice would be money lost."""
    clock = ManualClock()
    late = replace(REFUND, asked_since=clock() - timedelta(days=2))
    answering.body = listed("wish-0", "wish-1")

    assert provider(address, clock=clock).refund(late) == "re_wish-1"
    ((method, path, _, _),) = answering.asked
    assert (method, path.partition("?")[0]) == ("GET", "/v1/refunds")
    assert parse_qs(path.partition("?")[2])["payment_intent"] == ["pi_1"]


def test_a_refund_that_was_never_made_is_made_late(answering: Answering, address: str) -> None:
    clock = ManualClock()
    answering.body = listed("wish-0")
    with pytest.raises(ProviderGarbage):  # the list, for an answer to the refund too
        provider(address, clock=clock).refund(replace(REFUND, asked_since=clock() - timedelta(days=2)))

    assert [method for method, *_ in answering.asked] == ["GET", "POST"]


def test_a_refund_that_was_asked_for_today_is_told_by_its_key(answering: Answering, address: str) -> None:
    clock = ManualClock()
    answering.body = b'{"id": "re_1", "object": "refund", "status": "pending"}'

    assert provider(address, clock=clock).refund(replace(REFUND, asked_since=clock() - timedelta(hours=22))) == "re_1"
    assert [method for method, *_ in answering.asked] == ["POST"]


def test_no_refund_is_made_while_it_is_unknown_whether_it_was(answering: Answering, address: str) -> None:
    clock = ManualClock()
    late = replace(REFUND, asked_since=clock() - timedelta(days=2))
    answering.body = b'{"id": "re_1", "object": "refund"}'
    with pytest.raises(ProviderGarbage):
        provider(address, clock=clock).refund(late)
    answering.error(503)
    with pytest.raises(ProviderUnavailable):
        provider(address, clock=clock).refund(late)

    assert [method for method, *_ in answering.asked] == ["GET", "GET"]


@pytest.mark.parametrize("status", [500, 502, 503, 429, 409])
def test_a_server_in_trouble_is_away(answering: Answering, address: str, status: int) -> None:
    answering.error(status)

    with pytest.raises(ProviderUnavailable):
        provider(address).create_payment(REQUEST)


def test_a_server_that_hangs_up_is_away(answering: Answering, address: str) -> None:
    answering.hang_up = True

    with pytest.raises(ProviderUnavailable):
        provider(address).create_payment(REQUEST)


def test_a_server_that_does_not_listen_is_away() -> None:
    with pytest.raises(ProviderUnavailable):
        provider("http://127.0.0.1:1").create_payment(REQUEST)


def test_a_slow_server_is_away(answering: Answering, address: str) -> None:
    answering.wait = threading.Event()

    with pytest.raises(ProviderUnavailable):
        provider(address, timeout=timedelta(seconds=0.1)).create_payment(REQUEST)


def test_a_retry_says_the_same(answering: Answering, address: str) -> None:
    answering.error(503)
    with pytest.raises(ProviderUnavailable):
        provider(address, retries=1).create_payment(REQUEST)

    assert [asked[3]["idempotency-key"] for asked in answering.asked] == ["payment-order-1"] * 2
    assert answering.asked[0][2] == answering.asked[1][2]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>busy</html>",
        b"[]",
        b"7",
        b"null",
        b"\xff\xfe",
        b"{}",
        json.dumps({**INTENT, "id": None}).encode(),
        json.dumps({**INTENT, "id": "x" * 300}).encode(),
        json.dumps({**INTENT, "client_secret": 7}).encode(),
        json.dumps({**INTENT, "amount": 4901}).encode(),
        json.dumps({**INTENT, "currency": "usd"}).encode(),
    ],
)
def test_an_answer_that_cannot_be_is_garbage(answering: Answering, address: str, body: bytes) -> None:
    answering.body = body

    with pytest.raises(ProviderGarbage):
        provider(address).create_payment(REQUEST)


@pytest.mark.parametrize("status", [302, 400, 404, 418, 500])
@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"error": []}', b'{"error": "x"}', b'{"error": {"code": 7}}', b"[1]"]
)
def test_an_error_that_cannot_be_is_an_error_of_ours_all_the_same(
    answering: Answering, address: str, status: int, body: bytes
) -> None:
    answering.status, answering.body = status, body

    with pytest.raises(PaymentError) as raised:
        provider(address).create_payment(REQUEST)

    assert isinstance(raised.value, ProviderGarbage | ProviderUnavailable | ProviderRefused)


@pytest.mark.parametrize(
    ("status", "error", "reason"),
    [
        (400, {"type": "invalid_request_error", "code": "amount_too_small"}, "amount_too_small"),
        (402, {"type": "card_error", "code": "card_declined"}, "card_declined"),
        (400, {"type": "idempotency_error"}, "invalid_request"),
        (404, {"type": "invalid_request_error", "code": "resource_missing"}, "resource_missing"),
        (400, {"code": 7}, "invalid_request"),
        (400, {"code": "No such key: sk_live_1"}, "invalid_request"),
    ],
)
def test_a_refusal_names_its_code(
    answering: Answering, address: str, status: int, error: dict[str, Any], reason: str
) -> None:
    answering.error(status, **error)

    with pytest.raises(ProviderRefused) as raised:
        provider(address).create_payment(REQUEST)

    assert raised.value.reason == reason


def test_a_payment_that_was_canceled_cannot_be_paid_any_more(answering: Answering, address: str) -> None:
    answering.body = json.dumps({**INTENT, "status": "canceled"}).encode()

    with pytest.raises(ProviderRefused, match="payment_canceled"):
        provider(address).create_payment(REQUEST)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_our_trouble_and_is_said_in_the_log_without_the_key(
    answering: Answering, address: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    answering.error(status, type="invalid_request_error", message=f"Invalid API Key provided: {KEY}")

    with pytest.raises(ProviderUnavailable):
        provider(address).create_payment(REQUEST)

    assert "provider_key_refused" in [getattr(record, "action", "") for record in caplog.records]
    assert KEY not in caplog.text


def test_no_secret_gets_into_the_log(answering: Answering, address: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        stripe_provider = provider(address)
        payment = stripe_provider.create_payment(REQUEST)
        answering.body = b"<html>"
        with pytest.raises(ProviderGarbage):
            stripe_provider.create_payment(REQUEST)

    assert "pi_1_secret_abc" not in caplog.text + repr(payment)
    assert KEY not in caplog.text


def test_deliveries_are_verified_and_read(address: str) -> None:
    clock = ManualClock()
    made = provider(address, clock=clock)
    body = json.dumps(
        {
            "id": "evt_1",
            "object": "event",
            "type": "payment_intent.succeeded",
            "created": 1,
            "data": {"object": {**INTENT, "amount_received": 4900}},
        }
    ).encode()
    header = signature(body, "whsec_1", at=clock())

    assert made.parse_webhook(body, {HEADER: header}).kind is PaymentEventKind.PAID
    with pytest.raises(BadSignature):
        made.parse_webhook(body, {})
