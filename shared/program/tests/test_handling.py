"""Whose event it is, and the one table from error to outcome."""

from typing import Any

import pytest

from keylane import Fatal, Message, Retry
from lyceum_contracts import ContractError
from lyceum_database import OUTAGES, AccessDenied, Contended, InvalidRecord, NotConnected, StaleVersion, Unavailable
from lyceum_program.handling import judged, org_of, verdict


def message(headers: dict[str, bytes] | None = None) -> Message:
    fields: dict[str, Any] = {
        "id": "e1",
        "type": "T",
        "source": "/test",
        "key": b"k",
        "data": {},
        "headers": headers or {},
        "time": None,
        "topic": "t",
        "partition": 0,
        "offset": 0,
        "attempt": 1,
        "fence": 1,
    }
    return Message(**fields)


def failing(error: Exception) -> Any:
    def handle(_: Message) -> None:
        raise error

    return judged(handle)


@pytest.mark.parametrize("error", [ContractError("T", "amount_minor", "wrong"), InvalidRecord("too long")])
def test_what_no_repetition_heals_goes_to_the_dead_letters_at_once_with_its_reason(error: Exception) -> None:
    with pytest.raises(Fatal) as ended:
        failing(error)(message())

    assert str(ended.value) == str(error)
    assert ended.value.__cause__ is error


@pytest.mark.parametrize("error", [Contended(), StaleVersion("stale")])
def test_contention_is_tried_again_without_costing_an_attempt(error: Exception) -> None:
    with pytest.raises(Retry) as again:
        failing(error)(message())

    assert not again.value.counted
    assert again.value.__cause__ is error


@pytest.mark.parametrize("error", [Unavailable("x"), AccessDenied("x"), NotConnected("x"), RuntimeError("?")])
def test_everything_else_stays_what_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as same:
        failing(error)(message())

    assert same.value is error
    assert verdict(error) is error


def test_who_is_away_or_refuses_counts_as_an_outage() -> None:
    assert set(OUTAGES) == {Unavailable, AccessDenied, NotConnected}


def test_a_handler_that_succeeds_is_run_once_with_its_message() -> None:
    seen: list[Message] = []
    event = message()

    judged(seen.append)(event)

    assert seen == [event]


def test_an_event_belongs_to_the_organization_that_it_names_or_to_the_default_one() -> None:
    assert org_of(message({"ce_orgid": b"acme"})) == "acme"
    assert org_of(message()) == "default"


@pytest.mark.parametrize("named", [b"a b", b"\xff", b""])
def test_what_can_be_no_organization_breaks_the_contract(named: bytes) -> None:
    with pytest.raises(ContractError, match="ce_orgid"):
        org_of(message({"ce_orgid": named}))
