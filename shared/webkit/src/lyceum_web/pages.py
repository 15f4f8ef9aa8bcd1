"""Lists, a page at a time."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import parse_qsl, urlencode

from fastapi import Depends, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from lyceum_web.cursors import MAX_LENGTH, CursorCodec, Position, listing

DEFAULT_LIMIT = 20
MAX_LIMIT = 100

T = TypeVar("T")
M = TypeVar("M")


class Page(BaseModel, Generic[T]):
    """Some items of a list, and where it goes on."""

    items: list[T]
    next_cursor: str | None = Field(
        default=None, description="Give it as `cursor` to get the next page; null on the last one."
    )


class _Paging:
    """Which page was asked for: the query parameters `limit` and `cursor`."""

    problems = ("invalid_cursor",)

    async def __call__(
        self,
        request: Request,
        response: Response,
        limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Items of one page, at most.")] = DEFAULT_LIMIT,
        cursor: Annotated[
            str | None, Query(min_length=1, max_length=MAX_LENGTH, description="`next_cursor` of the page before.")
        ] = None,
    ) -> "Paged":
        return Paged(limit, cursor, request, response)


@dataclass(frozen=True, slots=True)
class Paged:
    """A request for one page.

    Attributes:
        limit: items, at most.
        cursor: where to go on, if not at the start.
    """

    limit: int
    cursor: str | None
    request: Request
    response: Response

    def of(self, name: str, **filters: Any) -> "Listing":
        """Return what to fetch of the list of this name and filter: the organization belongs to the filter.

        Raises:
            InvalidCursor: the cursor belongs to another list or filter, or was never made here.
        """
        codec: CursorCodec = self.request.app.state.cursors
        text = listing(name, **filters)
        after = None if self.cursor is None else codec.decode(self.cursor, listing=text)
        return Listing(self, codec, text, after)


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of one list.

    Attributes:
        after: what the last item before this page was sorted by; None at the start.
    """

    asked: Paged
    codec: CursorCodec
    text: str
    after: Position | None

    @property
    def after_id(self) -> str | None:
        """The id of the last item before this page, for lists in order of id."""
        return None if self.after is None else str(self.after[-1])

    @property
    def fetch(self) -> int:
        """How many items to fetch: one more than is shown tells whether there is a next page."""
        return self.asked.limit + 1

    def page(self, fetched: Sequence[M], show: Callable[[M], T], *, position: Callable[[M], Position]) -> Page[T]:
        """Return the page, with a `Link` header to the next one (RFC 8288).

        Args:
            fetched: up to `fetch` items.
            show: makes what the caller sees of an item.
            position: what an item is sorted by, its id last.
        """
        shown = fetched[: self.asked.limit]
        if len(fetched) <= self.asked.limit:
            return _page(map(show, shown), None)
        cursor = self.codec.encode(position(shown[-1]), listing=self.text)
        self.asked.response.headers["Link"] = f'<{_next_address(self.asked.request, cursor)}>; rel="next"'
        return _page(map(show, shown), cursor)


PageQuery = Annotated[Paged, Depends(_Paging())]
"""Which page was asked for, as an endpoint's parameter."""


def _page(items: Iterable[T], next_cursor: str | None) -> Page[T]:
    return Page[Any](items=list(items), next_cursor=next_cursor)


def _next_address(request: Request, cursor: str) -> str:
    """The same address with another cursor, relative to the host."""
    query = [pair for pair in parse_qsl(request.url.query, keep_blank_values=True) if pair[0] != "cursor"]
    return f"{request.url.path}?{urlencode([*query, ('cursor', cursor)])}"
