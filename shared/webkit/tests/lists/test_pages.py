"""A list is walked page by page: everything once, in order, whatever the size of a page."""

from collections.abc import Callable
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, Query

from lyceum_web.cursors import CursorCodec
from lyceum_web.pages import Page, PageQuery

NAMES = [f"name-{number:03}" for number in range(45)]


@pytest.fixture
def client(serve: Callable[..., httpx.Client]) -> httpx.Client:
    router = APIRouter()

    @router.get("/v1/names")
    def list_names(page: PageQuery, ending: Annotated[str, Query()] = "") -> Page[str]:
        listing = page.of("names", ending=ending)
        after = listing.after_id or ""
        found = [name for name in NAMES if name > after and name.endswith(ending)][: listing.fetch]
        return listing.page(found, str.upper, position=lambda name: (name,))

    return serve(router, cursors=CursorCodec("secret"))


@pytest.mark.parametrize("limit", [1, 7, 44, 45, 46, 100])
def test_following_the_links_gives_everything_once(client: httpx.Client, limit: int) -> None:
    seen: list[str] = []
    address: str | None = f"/v1/names?limit={limit}"
    pages = 0
    while address is not None:
        answer = client.get(address)
        assert answer.status_code == 200
        assert len(answer.json()["items"]) <= limit
        seen += answer.json()["items"]
        address = answer.links["next"]["url"] if "next" in answer.links else None
        assert (answer.json()["next_cursor"] is None) == (address is None)
        pages += 1

    assert seen == [name.upper() for name in NAMES]
    assert pages == -(-len(NAMES) // limit)


def test_a_page_has_twenty_items_unless_asked_otherwise(client: httpx.Client) -> None:
    assert len(client.get("/v1/names").json()["items"]) == 20


@pytest.mark.parametrize("limit", ["0", "101", "-1", "many", "1e2", "99999999999999999999"])
def test_a_limit_out_of_bounds_is_named(client: httpx.Client, limit: str) -> None:
    answer = client.get("/v1/names", params={"limit": limit})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/query/limit"


def test_the_link_keeps_the_filter(client: httpx.Client) -> None:
    first = client.get("/v1/names?ending=1&limit=2")
    second = client.get(first.links["next"]["url"])

    assert second.json()["items"] == ["NAME-021", "NAME-031"]


def test_a_cursor_of_another_filter_is_a_problem(client: httpx.Client) -> None:
    cursor = client.get("/v1/names?ending=1&limit=2").json()["next_cursor"]
    answer = client.get("/v1/names", params={"ending": "2", "limit": 2, "cursor": cursor})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor")


def test_a_cursor_continues_with_another_limit(client: httpx.Client) -> None:
    cursor = client.get("/v1/names?limit=2").json()["next_cursor"]

    assert client.get("/v1/names", params={"limit": 3, "cursor": cursor}).json()["items"][0] == "NAME-002"


@pytest.mark.parametrize("cursor", ["x", "A" * 60, "ä", "\0"])
def test_a_cursor_from_elsewhere_is_a_problem(client: httpx.Client, cursor: str) -> None:
    answer = client.get("/v1/names", params={"cursor": cursor})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor")


@pytest.mark.parametrize("cursor", ["", "A" * 1025])
def test_a_cursor_of_impossible_length_is_named(client: httpx.Client, cursor: str) -> None:
    answer = client.get("/v1/names", params={"cursor": cursor})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/query/cursor")
