"""What may be in a JSON body."""

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyceum_web.limits.json_body import check_json
from lyceum_web.problems import ProblemError

DEPTH = 4
VALUES = 100
NUL = "\\u0000"
HALF = "\\ud800"
fit_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | fit_text


def nested(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(children, max_size=4) | st.dictionaries(fit_text, children, max_size=4)


def depth_of(value: Any) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0


@given(st.recursive(leaves, nested, max_leaves=30), st.booleans())
def test_what_is_fit_and_not_too_deep_passes_and_nothing_else(value: Any, ascii_only: bool) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only).encode()

    if depth_of(value) <= DEPTH:
        check_json(body, depth=DEPTH, values=VALUES)
    else:
        with pytest.raises(ProblemError) as refused:
            check_json(body, depth=DEPTH, values=VALUES)
        assert refused.value.code == "malformed_json"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "Expecting value"),
        (b"{", "Expecting property name"),
        (b'{"a": 1} {}', "Extra data"),
        (b"[1,]", "line 1, column"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"a": {"b": 1, "\\u0062": 2}}', "twice"),
        (b"[NaN]", "NaN is no JSON number"),
        (b"[-Infinity]", "-Infinity is no JSON number"),
        (b"1e999", "too large"),
        (b"-1e999", "too large"),
        (b"9" * 5000, "too many digits"),
        (b'["\xff"]', "not UTF-8"),
        (b'["\xed\xa0\x80"]', "not UTF-8"),
        ('["a"]'.encode("utf-16"), "not UTF-8"),
        (b"\xef\xbb\xbf[]", "Expecting value"),
        (b'["\x00"]', "control character"),
        (b"[" * 10_000 + b"]" * 10_000, "within each other"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "within each other"),
        (b"[" * 10_000, "within each other"),
        (b"[" * 5 + b"]" * 5, "More than 4 arrays and objects"),
        (b'[[[{"a": {}}]]]', "More than 4 arrays and objects"),
    ],
)
def test_what_is_no_plain_json_is_malformed(body: bytes, says: str) -> None:
    with pytest.raises(ProblemError) as refused:
        check_json(body, depth=DEPTH, values=VALUES)

    assert refused.value.code == "malformed_json"
    assert says in str(refused.value.detail)


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        (f'"{NUL}"', ["/body"]),
        (f'{{"a": "x{NUL}"}}', ["/body/a"]),
        (f'{{"a/b": ["", "{HALF}"]}}', ["/body/a~1b/1"]),
        (f'{{"{HALF}": 1, "b": "\\udfff"}}', ["/body", "/body/b"]),
        (f'["\\ude00{HALF}"]', ["/body/0"]),
        (json.dumps(["\x00"] * 100), [f"/body/{place}" for place in range(20)]),
    ],
)
def test_text_that_nothing_can_store_is_pointed_at(body: str, pointers: list[str]) -> None:
    with pytest.raises(ProblemError) as refused:
        check_json(body.encode(), depth=DEPTH, values=VALUES)

    assert refused.value.code == "invalid_request"
    assert [error.pointer for error in refused.value.errors] == pointers


@pytest.mark.parametrize(
    "body", [b'["\\ud83d\\ude00", "\\u0041"]', b'["[[[[[[", "\\"[[[[[["]', b'"\\\\"', b" [] ", b"0"]
)
def test_what_only_looks_unfit_passes(body: bytes) -> None:
    check_json(body, depth=DEPTH, values=VALUES)


@given(st.integers(40, 120), st.sampled_from(['"a,b,[{"', "1", "[]", "{}", '{"a": 1}']))
def test_values_are_counted_whatever_texts_hold(number: int, item: str) -> None:
    body = f"[{', '.join([item] * number)}]".encode()
    marks = number if item[0] in '"1' else 2 * number

    if marks <= VALUES:
        check_json(body, depth=DEPTH, values=VALUES)
    else:
        with pytest.raises(ProblemError) as refused:
            check_json(body, depth=DEPTH, values=VALUES)
        assert refused.value.code == "payload_too_large"


@pytest.mark.timeout(20)
@pytest.mark.parametrize("item", ['"\\u0000"', "1"])
def test_a_long_name_over_many_texts_costs_neither_time_nor_memory(item: str) -> None:
    body = f'{{"{"k" * 500_000}": [{", ".join([item] * 90_000)}, "\\u0000"]}}'.encode()
    tracemalloc.start()

    with pytest.raises(ProblemError) as refused:
        check_json(body, depth=DEPTH, values=1_000_000)

    assert tracemalloc.get_traced_memory()[1] < 20 * len(body)
    tracemalloc.stop()
    assert len(refused.value.errors) in (1, 20)
    assert {len(error.pointer.split("/")[2]) for error in refused.value.errors} == {67}
