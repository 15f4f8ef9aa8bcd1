"""Publishers who die, stand still or come at one moment: learners see whole versions only, and each is told once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import permutations, product
from random import Random
from typing import Any

import pytest

from course_service.courses.content import read, stored
from course_service.courses.exceptions import Archived
from course_service.courses.repository import CourseVersions
from course_service.models import CourseVersion
from lyceum_database import ensure_indexes
from lyceum_database.testing.stepping import dies_after, two_suspended

from .desk import CONTENT, COURSE, STORED, Desk, StaleError, open_desk

MOST_CALLS = 30


def test_a_publisher_who_dies_anywhere_has_published_all_or_nothing() -> None:
    for calls in range(MOST_CALLS):
        with open_desk() as desk:
            died = dies_after(calls, desk.publishes)
            desk.is_whole()

            desk.publishes()

            desk.is_whole()
            assert desk.published == desk.draft
            assert desk.told == [1], "the contents that were left behind are taken up"
            assert CourseVersion.objects.count() == 1
        if not died:
            break
    assert 3 <= calls < MOST_CALLS


def test_each_publication_is_a_whole_one_with_the_next_number() -> None:
    with open_desk() as desk:
        for number, price in enumerate((4900, 0, 4900), start=1):
            desk.edits(price_minor=price, title=f"Algebra {number}")
            desk.publishes()

            desk.is_whole()
            assert desk.published == desk.draft
            assert desk.course.published_version == number
        assert desk.told == [1, 2, 3]


def test_a_version_that_was_left_behind_is_stepped_over_by_other_contents() -> None:
    calls = calls_until_version()
    with open_desk() as desk:
        assert dies_after(calls, desk.publishes)
        assert desk.published is None
        left = desk.stored_versions()
        desk.edits(title="Other contents")

        desk.publishes()

        desk.is_whole()
        assert desk.told == [2]
        assert desk.stored_versions()[1] == left[1]


def calls_until_version() -> int:
    """Calls of a publisher until the version is stored, and the course not yet pointed at it."""
    for calls in range(MOST_CALLS):
        with open_desk() as desk:
            dies_after(calls, desk.publishes)
            if CourseVersion.objects.count() and desk.published is None:
                return calls
    raise AssertionError("there is no such moment")


WORKS: dict[str, Callable[[Desk], Callable[[], object]]] = {
    "publish": lambda desk: desk.publishes,
    "edit": lambda desk: partial(desk.edits, title="Edited"),
    "price": lambda desk: partial(desk.edits, price_minor=1),
}


@pytest.mark.parametrize("names", [("publish", "publish"), ("publish", "edit"), ("publish", "edit", "price")])
def test_any_who_work_at_one_moment_lose_nothing(names: Any) -> None:
    every = list(product(permutations(range(len(names))), product(range(5), range(5))))
    for order, points in Random(8).sample(every, 25):
        with open_desk() as desk:
            two_suspended([WORKS[name](desk) for name in names], order, points)

            desk.is_whole()
            assert desk.published is not None
            assert len(desk.told) == 1
            assert desk.draft.title == ("Edited" if "edit" in names else "Algebra")
            assert desk.draft.price_minor == (1 if "price" in names else 4900)
            desk.publishes()
            assert desk.published == desk.draft
            desk.is_whole()


def test_two_who_have_read_different_drafts_publish_what_each_has_read_or_nothing() -> None:
    for points in product(range(6), range(6)):
        with open_desk() as desk:
            seen = desk.course.version
            refused: list[str] = []

            def tries(desk: Desk = desk, seen: int = seen, refused: list[str] = refused) -> None:
                try:
                    desk.publishes(seen)
                except StaleError:
                    refused.append("stale")

            two_suspended([tries, partial(desk.edits, title="Nobody reviewed this")], (0, 1), points)

            desk.is_whole()
            published = desk.published
            assert (published is None) == bool(refused)
            assert published is None or published.title == "Algebra"


def test_an_archived_course_stays_so_whoever_publishes_at_that_moment() -> None:
    for order, points in product(permutations(range(2)), product(range(6), range(6))):
        with open_desk() as desk:

            def publishes(desk: Desk = desk) -> None:
                with suppress(Archived):
                    desk.publishes()

            two_suspended([publishes, desk.archives], order, points)

            desk.is_whole()
            assert desk.course.status == "archived"
            assert desk.told in (["archived"], [1, "archived"])


def test_many_who_work_at_one_moment_on_a_server_lose_nothing(database: str) -> None:
    """`database` has the indexes of this service's own documents; those of courses are made here."""
    assert database
    ensure_indexes(STORED)
    desk = Desk()
    desk.opens()
    works: list[Callable[[], object]] = [
        desk.publishes,
        *(partial(desk.edits, title=f"Title {number}") for number in range(4)),
        desk.publishes,
    ]

    with ThreadPoolExecutor(len(works)) as pool:
        for done in [pool.submit(work) for work in works * 2]:
            done.result()

    desk.is_whole()
    desk.publishes()
    assert desk.published == desk.draft
    assert desk.told == sorted(set(desk.told))
    desk.is_whole()


def test_versions_cannot_be_changed_or_taken_away() -> None:
    offered = {name for name in dir(CourseVersions) if not name.startswith("_")}

    assert offered == {"add", "find", "head"}


def test_a_change_of_a_course_that_was_read_in_part_takes_nothing_away() -> None:
    with open_desk() as desk:
        head = desk.courses.head(COURSE, org_id="default")
        assert head.draft == {}
        desk.edits(price_minor=1)

        assert desk.draft.sections == desk.reading.drafted(desk.course).content.sections != ()


def test_an_event_has_the_same_id_however_often_its_course_is_published_by_a_replay() -> None:
    with open_desk() as desk:
        desk.publishes()
        first = [entry["id"] for entry in desk.course.outbox]
    with open_desk() as desk:
        desk.publishes()
        assert [entry["id"] for entry in desk.course.outbox] == first


def test_the_same_contents_have_one_hash_in_every_release() -> None:
    """Else an update of the program makes new versions of courses that nobody changed."""
    of_an_earlier_release = "49155a4a748d7194ad99a30761cc6f466aaff907d9036c5735c9e369ef90a8eb"
    content = replace(CONTENT, title="Algèbre")

    assert content.sha256 == of_an_earlier_release
    assert stored(read(stored(content.sections))) == stored(content.sections)
