"""Ids sort by age, keys never collide by accident."""

import time
import uuid
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyceum_database import UniqueKey, is_id, new_id
from lyceum_database.keys import compose, normalised_email, normalised_phone


def test_an_id_is_a_version_seven_uuid_of_now() -> None:
    before = time.time_ns() // 1_000_000
    value = uuid.UUID(new_id())
    after = time.time_ns() // 1_000_000

    assert (value.version, value.variant) == (7, uuid.RFC_4122)
    assert before <= value.int >> 80 <= after


def test_later_ids_sort_later() -> None:
    ids = []
    for _ in range(200):
        ids.append(new_id())
        until = time.perf_counter_ns() + 2_000  # beyond the resolution of a quarter of a microsecond
        while time.perf_counter_ns() < until:
            pass

    assert ids == sorted(ids)


def test_the_fraction_of_the_millisecond_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([1_000_000, 1_000_500, 1_999_999, 2_000_000])
    monkeypatch.setattr(time, "time_ns", lambda: next(moments))

    ids = [new_id() for _ in range(4)]

    assert ids == sorted(ids)
    assert [uuid.UUID(value).int >> 80 for value in ids] == [1, 1, 1, 2]


def test_ids_do_not_repeat() -> None:
    assert len({new_id() for _ in range(10_000)}) == 10_000


@pytest.mark.parametrize("value", ["a", "A-z_0", "x" * 64, new_id()])
def test_what_may_be_an_id(value: str) -> None:
    assert is_id(value)


@pytest.mark.parametrize("value", ["", "x" * 65, "a b", "a:b", "é", "a\n", "../x", None, 7])
def test_what_may_not(value: object) -> None:
    assert not is_id(value)


pieces = st.sampled_from(["a", "b", ":", "%", "%3A", "%25", "3A"])


@given(st.lists(st.lists(pieces, max_size=3).map("".join), min_size=1, max_size=4))
def test_a_key_can_be_taken_apart_so_different_values_never_give_one_key(parts: list[str]) -> None:
    assert [unquote(part) for part in compose(*parts).split(":")] == parts


def test_a_readable_key_stays_readable() -> None:
    assert compose("acme", "algebra-1") == "acme:algebra-1"


def test_a_key_is_absent_while_one_of_its_fields_is() -> None:
    key = UniqueKey("org_id", "name")

    assert key.compose(["acme", None]) is None
    assert key.compose(["acme", 0]) == "acme:0"
    assert (key.label, UniqueKey("org_id").label) == ("name", "org_id")


@pytest.mark.parametrize("other", ["ada@example.org", " ADA@Example.ORG ", "\uff41da@example.org"])
def test_spellings_of_one_address_are_equal(other: str) -> None:
    assert normalised_email(other) == "ada@example.org"


@pytest.mark.parametrize(
    "spellings",
    [
        ("jos\u00e9@example.org", "jose\u0301@example.org", "JOSE\u0301@example.org"),
        (
            "ada@m\u00fcnchen.example",
            "ada@mu\u0308nchen.example",
            "ada@xn--mnchen-3ya.example",
            "ada@XN--MNCHEN-3YA.example",
        ),
        ("ada@example.org", "ada@example\u3002org", "ada@example\uff0eorg", "ada\uff20example.org"),
        ("ada@stra\u00dfe.example", "ada@xn--strae-oqa.example"),
    ],
)
def test_unicode_and_domain_spellings_of_one_address_are_equal(spellings: tuple[str, ...]) -> None:
    assert len({normalised_email(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize("other", ["a.da@example.org", "ada+x@example.org", "ada@example.com", "ada@mail.example.org"])
def test_dots_and_tags_make_another_address(other: str) -> None:
    assert normalised_email(other) != normalised_email("ada@example.org")


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_normal_form_is_its_own(local: str, domain: str) -> None:
    once = normalised_email(f"{local}@{domain}")

    assert normalised_email(once) == once


@pytest.mark.parametrize("domain", ["xn--", "xn--\u00fc", "xn--99999999", "xn--a-\ud800"])
def test_a_broken_encoding_stays_as_it_is(domain: str) -> None:
    assert normalised_email(f"ada@{domain}.org") == f"ada@{domain}.org"


def test_spellings_of_one_number_are_equal() -> None:
    assert normalised_phone(" +49 (30) 123-45 ") == normalised_phone("+493012345") == "+493012345"
    assert normalised_phone("030 12345") == "03012345"
