"""Parsing, one call, and the table from error to outcome."""

from typing import Any

import pytest

from allocation_worker.errors import AllocationServiceNotInitialized
from allocation_worker.handlers import HANDLERS, bound
from allocation_worker.main import allocation_service
from keylane import Fatal, Message, Retry
from lyceum_allocation import Contended
from lyceum_allocation.testing import purchase, refund
from lyceum_contracts import PURCHASES
from lyceum_database import StaleVersion
from lyceum_program.handling import verdict


class Recorder:
    """Stands for the service: keeps what it was asked to do."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any, dict[str, Any]]] = []

    def allocate(self, event: Any, **options: Any) -> None:
        self.calls.append(("allocate", event, options))

    def refund(self, event: Any, **options: Any) -> None:
        self.calls.append(("refund", event, options))


def message(event: Any, **changes: Any) -> Message:
    fields: dict[str, Any] = {
        "id": "e1",
        "type": event.type,
        "source": "/test",
        "key": b"k",
        "data": event.to_data(),
        "headers": {},
        "time": None,
        "topic": "purchases",
        "partition": 0,
        "offset": 0,
        "attempt": 1,
        "fence": 1,
    }
    return Message(**{**fields, **changes})


def handle(event: Any, service: Any, **changes: Any) -> None:
    bound(lambda: service)[event.type](message(event, **changes))


def test_every_type_of_the_topic_has_a_handler() -> None:
    assert set(HANDLERS) == set(PURCHASES.types)


def test_a_purchase_allocates_and_a_refund_refunds_for_their_organization_and_cause() -> None:
    service = Recorder()
    bought, paid_back = purchase("p1", student="s1"), refund("p1", student="s1")

    handle(bought, service, headers={"ce_orgid": b"acme"})
    handle(paid_back, service)

    assert service.calls == [
        ("allocate", bought, {"org_id": "acme", "cause_id": "e1"}),
        ("refund", paid_back, {"org_id": "default", "cause_id": "e1"}),
    ]


def test_before_initialize_there_is_no_service() -> None:
    with pytest.raises(AllocationServiceNotInitialized, match=r"^AllocationService not initialized$"):
        allocation_service()
    with pytest.raises(AllocationServiceNotInitialized):
        bound(allocation_service)["PURCHASE_CREATED"](message(purchase("p1", student="s1")))


def test_a_broken_contract_goes_to_the_dead_letters_at_once_with_the_field() -> None:
    bought = purchase("p1", student="s1")

    with pytest.raises(Fatal, match="PURCHASE_CREATED: amount_minor: "):
        handle(bought, Recorder(), data={**bought.to_data(), "amount_minor": "free"})


@pytest.mark.parametrize("header", [b"a b", b"\xff", b""])
def test_a_broken_organization_goes_to_the_dead_letters_at_once(header: bytes) -> None:
    with pytest.raises(Fatal, match="PURCHASE_CREATED: ce_orgid: "):
        handle(purchase("p1", student="s1"), Recorder(), headers={"ce_orgid": header})


def test_what_is_raised_before_an_attempt_fails_the_attempt_before_the_service_is_asked() -> None:
    service: Any = Recorder()

    def fail(_: Message) -> None:
        raise RuntimeError("rehearsed")

    with pytest.raises(RuntimeError, match="rehearsed"):
        bound(lambda: service, before_attempt=fail)["PURCHASE_CREATED"](message(purchase("p1", student="s1")))
    assert service.calls == []


@pytest.mark.parametrize("error", [Contended("busy"), StaleVersion("stale")])
def test_contention_is_tried_again_without_costing_an_attempt(error: Exception) -> None:
    outcome = verdict(error)

    assert isinstance(outcome, Retry)
    assert not outcome.counted
