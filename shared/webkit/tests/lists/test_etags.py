"""Entity tags are compared as RFC 9110 says, whatever form their header has."""

import time
from collections.abc import Callable

import httpx
import pytest
from fastapi import APIRouter, Response
from hypothesis import given
from hypothesis import strategies as st

from lyceum_web.etags import IfMatch, IfNoneMatch, etag, not_modified, parsed

VERSION = 3


@pytest.fixture
def client(serve: Callable[[APIRouter], httpx.Client]) -> httpx.Client:
    router = APIRouter()

    @router.get("/things/1")
    def read_thing(known: IfNoneMatch) -> Response:
        if known.hold(VERSION):
            return not_modified(VERSION)
        return Response("thing", headers={"ETag": etag(VERSION)})

    @router.patch("/things/1")
    def change_thing(if_match: IfMatch) -> str:
        if_match.require(VERSION)
        return "changed"

    return serve(router)


MATRIX = [
    # header values, changed?, not modified?
    (['"3"'], 200, 304),
    (["*"], 200, 304),
    ([" * "], 200, 304),
    (['W/"3"'], 412, 304),
    (['"2"'], 412, 200),
    (['"03"'], 412, 200),
    (['"2", "3"'], 200, 304),
    (['"2","3"'], 200, 304),
    ([', "2" ,, "3",'], 200, 304),
    (['"2"', '"3"'], 200, 304),
    (['"2"', '"4"'], 412, 200),
    (['"2", W/"3"'], 412, 304),
    (['"a,b", "3"'], 200, 304),
    (['""'], 412, 200),
    (["3"], 400, 400),
    (['"3'], 400, 400),
    (['w/"3"'], 400, 400),
    (['"3" "4"'], 400, 400),
    (['"2", *'], 400, 400),
    (["*", '"3"'], 400, 400),
    ([""], 400, 400),
    ([","], 400, 400),
    (['"' + "3" * 5000 + '"'], 400, 400),
]


@pytest.mark.parametrize(("values", "changed", "_read"), MATRIX)
def test_if_match_lets_changes_of_the_current_version_pass(
    client: httpx.Client, values: list[str], changed: int, _read: int
) -> None:
    assert client.patch("/things/1", headers=[("If-Match", value) for value in values]).status_code == changed


@pytest.mark.parametrize(("values", "_changed", "read"), MATRIX)
def test_if_none_match_saves_what_the_caller_has(
    client: httpx.Client, values: list[str], _changed: int, read: int
) -> None:
    answer = client.get("/things/1", headers=[("If-None-Match", value) for value in values])

    assert answer.status_code == read
    if read != 400:
        assert answer.headers["ETag"] == '"3"'


def test_a_change_that_names_no_version_is_refused(client: httpx.Client) -> None:
    answer = client.patch("/things/1")

    assert (answer.status_code, answer.json()["code"]) == (428, "precondition_required")


def test_who_changed_an_old_version_is_told_the_current_one(client: httpx.Client) -> None:
    answer = client.patch("/things/1", headers={"If-Match": '"2"'})

    assert answer.json()["code"] == "precondition_failed"
    assert answer.headers["ETag"] == '"3"'


def test_the_header_at_fault_is_named(client: httpx.Client) -> None:
    answer = client.patch("/things/1", headers={"If-Match": "3"})

    assert answer.json()["errors"][0]["pointer"] == "/header/if-match"


@given(st.integers(min_value=0))
def test_a_version_matches_its_own_tag_alone(version: int) -> None:
    assert parsed(etag(version)).match(version)
    assert not parsed(etag(version)).match(version + 1)
    assert not parsed("W/" + etag(version)).match(version)
    assert parsed("W/" + etag(version)).hold(version)


@given(st.text(max_size=50))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        tags = parsed(text)
    except ValueError:
        return
    assert tags.every or tags.strong or tags.weak


@pytest.mark.parametrize("text", [" " * 4000, "," * 4000, '"' * 4000, '"",' * 1300, " ," * 2000 + "x", "W/" * 2000])
def test_no_header_takes_long_to_read(text: str) -> None:
    before = time.process_time()
    for _ in range(10):
        try:
            parsed(text)
        except ValueError:
            continue

    assert time.process_time() - before < 1  # a fraction of it, unless the time grows with the square of the length
