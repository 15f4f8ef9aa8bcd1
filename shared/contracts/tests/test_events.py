"""Events keep their contract, keep what they do not know, and say which field is wrong."""

from typing import Any

import pytest
from pydantic import ValidationError

from lyceum_contracts import (
    CONTRACTS,
    TOPICS,
    USERS,
    ContractError,
    PurchaseCreated,
    PurchaseRefunded,
    UnknownEventType,
    UserRegistered,
    parse_event,
)

PURCHASE = {
    "purchase_id": "p-1",
    "student_id": "s-1",
    "course_id": "c-1",
    "subject": "math",
    "language": "en",
    "amount_minor": 4900,
    "currency": "EUR",
    "paid_at": "2026-01-31T09:30:00Z",
}


def test_an_unknown_field_survives_reading_and_writing() -> None:
    event = PurchaseCreated.parse({**PURCHASE, "campaign": {"code": "spring"}})

    assert event.to_data() == {**PURCHASE, "campaign": {"code": "spring"}}


def test_an_event_cannot_be_changed() -> None:
    event = PurchaseCreated.parse(PURCHASE)

    with pytest.raises(ValidationError, match="frozen"):
        event.subject = "physics"  # type: ignore[misc] # the frozen field is the point


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("purchase_id", ""),
        ("purchase_id", "p 1"),
        ("purchase_id", "p" * 65),
        ("student_id", 7),
        ("subject", "math|en"),
        ("subject", ""),
        ("subject", "ma\x1bth"),
        ("language", "english please"),
        ("language", "en" + "-abcdefgh" * 4),
        ("amount_minor", -1),
        ("amount_minor", "4900"),
        ("amount_minor", 49.5),
        ("amount_minor", True),
        ("currency", "eur"),
        ("paid_at", "2026-01-31T09:30:00"),
        ("paid_at", 1769851800),
        ("paid_at", "0001-01-01T00:00:00+14:00"),
        ("paid_at", "9999-12-31T23:59:59-12:00"),
        ("wants", [336]),
        ("wants", [-1]),
        ("wants", "monday"),
        ("wants", [1] * 337),
    ],
)
def test_a_wrong_field_is_named_with_the_type_of_the_event(field: Any, value: Any) -> None:
    with pytest.raises(ContractError) as caught:
        PurchaseCreated.parse({**PURCHASE, field: value})

    assert caught.value.event_type == "PURCHASE_CREATED"
    assert caught.value.field.split(".")[0] == field
    assert str(caught.value).startswith(f"PURCHASE_CREATED: {field}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("field", sorted(PURCHASE))
def test_every_field_of_a_purchase_but_the_wishes_is_required(field: Any) -> None:
    with pytest.raises(ContractError, match=f"PURCHASE_CREATED: {field}: Field required"):
        PurchaseCreated.parse({name: value for name, value in PURCHASE.items() if name != field})


def test_every_field_at_fault_is_listed() -> None:
    with pytest.raises(ContractError, match=r"amount_minor: .*; currency: "):
        PurchaseCreated.parse({**PURCHASE, "amount_minor": -1, "currency": "?"})


def test_a_refund_says_in_so_many_words_whether_it_is_full() -> None:
    with pytest.raises(ContractError, match="PURCHASE_REFUNDED: full"):
        PurchaseRefunded.parse(
            {
                "purchase_id": "p-1",
                "student_id": "s-1",
                "course_id": "c-1",
                "full": "yes",
                "reason": "",
                "refunded_at": PURCHASE["paid_at"],
            }
        )


def test_a_type_without_a_contract_is_refused_and_the_known_ones_are_listed() -> None:
    with pytest.raises(UnknownEventType, match="PURCHASE_ECLIPSED: ce_type: no such event type; known are PURCHASE_CR"):
        parse_event("PURCHASE_ECLIPSED", PURCHASE)


def test_a_type_finds_its_contract() -> None:
    assert isinstance(parse_event("PURCHASE_CREATED", PURCHASE), PurchaseCreated)
    assert all(contract.type == name for name, contract in CONTRACTS.items())


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("purchase_id", "p 1", "give 1 to 64 letters, digits, - or _"),
        ("subject", "a|b", "give 1 to 64 characters without | or ;, such as math"),
        ("language", "english please", "give a language tag such as en or pt-br"),
        ("currency", "euro", "give the three capital letters of a currency, such as EUR"),
        ("paid_at", 0, "a time is written as RFC 3339 text with an offset, such as 2026-01-31T09:30:00Z"),
    ],
)
def test_what_to_do_is_said_in_words(field: str, value: Any, words: str) -> None:
    with pytest.raises(ContractError) as caught:
        PurchaseCreated.parse({**PURCHASE, field: value})

    assert str(caught.value) == f"PURCHASE_CREATED: {field}: {words}"


@pytest.mark.parametrize("role", ["", "r" * 65, "a\nb", "\x00"])
def test_a_role_is_named_in_one_printable_line(role: str) -> None:
    with pytest.raises(ContractError, match=r"USER_REGISTERED: roles\.0: give the name of a role, 1 to 64 characters"):
        UserRegistered.parse({"user_id": "u-1", "roles": [role], "registered_at": PURCHASE["paid_at"]})


def test_no_event_about_a_person_has_a_field_for_a_name_or_an_address() -> None:
    assert USERS in TOPICS
    fields = {field for event_type in USERS.types for field in CONTRACTS[event_type].model_fields}

    assert fields == {
        *("user_id", "session_id", "roles", "by", "reason"),
        *("registered_at", "changed_at", "suspended_at", "revoked_at"),
    }
