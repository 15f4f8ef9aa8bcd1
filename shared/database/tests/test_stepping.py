"""A process dies, or stands still, before exactly the call to the store that a test chose."""

from collections.abc import Iterator
from typing import Any

import mongoengine
import pytest

from lyceum_database.testing.stepping import Process, dies_after, stepped_database, two_suspended


@pytest.fixture
def jobs() -> Iterator[Any]:
    with stepped_database():
        yield mongoengine.get_db()["jobs"]


def numbers(jobs: Any) -> list[int]:
    return [found["_id"] for found in jobs.find({})]


def test_a_process_dies_in_place_of_the_call_after_the_chosen_one(jobs: Any) -> None:
    def work() -> None:
        for number in range(3):
            try:
                jobs.insert_one({"_id": number})
            except Exception as exc:  # noqa: BLE001 - a program that catches all it can
                pytest.fail(f"the death was caught: {exc!r}")

    assert dies_after(2, work)
    assert numbers(jobs) == [0, 1]

    jobs.delete_many({})
    assert not dies_after(3, work)
    assert numbers(jobs) == [0, 1, 2]


def test_a_call_that_makes_calls_of_its_own_is_one(jobs: Any) -> None:
    assert not dies_after(1, lambda: jobs.find_one({}))


def test_a_process_stands_still_until_it_is_let_on(jobs: Any) -> None:
    process = Process(lambda: [jobs.insert_one({"_id": number}) for number in range(3)])

    assert numbers(jobs) == []
    process.steps(2)
    assert (numbers(jobs), process.is_done) == ([0, 1], False)
    process.steps(None)
    assert (numbers(jobs), process.is_done, process.failures) == ([0, 1, 2], True, [])


def test_a_process_that_ends_where_it_stands_does_nothing_more(jobs: Any) -> None:
    process = Process(lambda: [jobs.insert_one({"_id": number}) for number in range(3)])
    process.steps(1)

    process.end()

    assert (numbers(jobs), process.is_done, process.failures) == ([0], True, [])


def test_what_a_process_raises_is_kept_but_for_what_it_may_give_up_for(jobs: Any) -> None:
    def fails() -> None:
        raise ZeroDivisionError

    process, resigned = Process(fails), Process(fails, gives_up=(ZeroDivisionError,))

    assert [type(failure) for failure in process.failures] == [ZeroDivisionError]
    assert (resigned.is_done, resigned.failures) == (True, [])


def test_the_others_work_while_two_are_suspended(jobs: Any) -> None:
    def work(name: str) -> None:
        for number in range(2):
            jobs.insert_one({"_id": (done := jobs.count_documents({})), "by": name, "number": number, "seen": done})

    two_suspended([lambda: work("a"), lambda: work("b"), lambda: work("c")], order=(1, 2, 0), points=(2, 0))

    assert [found["by"] for found in jobs.find({})] == ["b", "a", "a", "b", "c", "c"]


def test_a_failure_of_any_of_them_is_told(jobs: Any) -> None:
    def fails() -> None:
        raise ZeroDivisionError

    with pytest.raises(BaseExceptionGroup) as told:
        two_suspended([fails, lambda: jobs.insert_one({"_id": 1})], order=(0, 1), points=(0, 0))

    assert told.group_contains(ZeroDivisionError)


def test_nothing_is_left_for_the_next_one() -> None:
    with stepped_database():
        mongoengine.get_db()["jobs"].insert_one({"_id": 1})
    with stepped_database():
        assert numbers(mongoengine.get_db()["jobs"]) == []
