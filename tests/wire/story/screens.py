"""What people see in the end, each asked with their own token."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from .caller import Caller
from .crowd import Book
from .school import School
from .site import Fleet

READERS = 4
Shown = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Screens:
    """Attributes:
    orders, enrolments: what each student is shown, by user id.
    conversations: of students and trainers, by user id.
    """

    orders: Mapping[str, Shown]
    enrolments: Mapping[str, Shown]
    conversations: Mapping[str, Shown]


def looked_at(fleet: Fleet, school: School, book: Book) -> Screens:
    """Ask for everybody's lists."""
    students, everybody = dict(book.tokens), {**book.tokens, **school.tokens}
    return Screens(
        orders=_lists(fleet, "course_service", "/v1/purchases", students),
        enrolments=_lists(fleet, "course_service", "/v1/enrolments", students),
        conversations=_lists(fleet, "chat_service", "/v1/conversations", everybody),
    )


def _lists(fleet: Fleet, program: str, path: str, tokens: Mapping[str, str]) -> dict[str, Shown]:
    def portion(number: int) -> dict[str, Shown]:
        mine = list(tokens.items())[number::READERS]
        with closing(Caller(fleet.addresses(program), first=number)) as caller:
            return {user_id: _whole(caller, path, token) for user_id, token in mine}

    with ThreadPoolExecutor(READERS) as threads:
        return {user_id: shown for part in threads.map(portion, range(READERS)) for user_id, shown in part.items()}


def _whole(caller: Caller, path: str, token: str) -> Shown:
    answer = caller.ask("GET", f"{path}?limit=100", token=token).body
    assert answer["next_cursor"] is None, f"{path} has more than one page"
    items: Shown = answer["items"]
    return items
