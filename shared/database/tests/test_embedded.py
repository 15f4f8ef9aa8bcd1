"""The contract that the embedded server shares with a real one, and what is particular to it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import mongoengine
import mongomock
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mongomock.collection import Collection
from pymongo.errors import DuplicateKeyError

import lyceum_database
from lyceum_database.embedded import SERIALISED, EmbeddedMongoClient, connect_embedded

THREADS = 16


@pytest.fixture
def jobs(bare_database: str) -> Any:
    return mongoengine.get_db()["jobs"]


def in_threads(work: Any) -> list[Any]:
    start = Barrier(THREADS)

    def begin(number: int) -> Any:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(begin, range(THREADS)))


class TestContract:
    def test_find_and_modify_hands_out_each_job_once(self, jobs: Any) -> None:
        jobs.insert_many([{"_id": number, "state": "waiting"} for number in range(100)])

        def take_all(_: int) -> list[int]:
            taken = []
            while job := jobs.find_one_and_update({"state": "waiting"}, {"$set": {"state": "taken"}}):
                taken.append(job["_id"])
            return taken

        taken = [number for numbers in in_threads(take_all) for number in numbers]

        assert sorted(taken) == list(range(100))

    def test_a_conditional_update_never_takes_more_than_there_is(self, jobs: Any) -> None:
        jobs.insert_one({"_id": "seats", "free": 7, "taken": []})

        def take(number: int) -> int:
            change = {"$inc": {"free": -1}, "$push": {"taken": number}}
            return int(jobs.update_one({"_id": "seats", "free": {"$gte": 1}}, change).modified_count)

        assert sum(in_threads(take)) == 7
        seats = jobs.find_one({"_id": "seats"})
        assert (seats["free"], len(seats["taken"])) == (0, 7)

    def test_compare_and_set_has_one_winner(self, jobs: Any) -> None:
        jobs.insert_one({"_id": "one", "version": 1})

        def win(number: int) -> int:
            change = {"$set": {"winner": number}, "$inc": {"version": 1}}
            return int(jobs.update_one({"_id": "one", "version": 1}, change).matched_count)

        assert sum(in_threads(win)) == 1

    def test_a_sparse_unique_key_admits_one(self, jobs: Any) -> None:
        jobs.create_index([("running_key", 1)], unique=True, sparse=True)

        def insert(number: int) -> int:
            jobs.insert_one({"_id": f"idle{number}"})
            try:
                jobs.insert_one({"_id": f"running{number}", "running_key": "one"})
            except DuplicateKeyError:
                return 0
            return 1

        assert sum(in_threads(insert)) == 1
        assert jobs.count_documents({}) == THREADS + 1

    def test_reading_while_others_write_sees_whole_documents(self, jobs: Any) -> None:
        jobs.insert_one({"_id": "one", "a": 0, "b": 0})

        def use(number: int) -> set[tuple[int, int]]:
            if number % 2:
                for _ in range(50):
                    jobs.update_one({"_id": "one"}, {"$inc": {"a": 1, "b": 1}})
                    jobs.insert_one({"by": number})
                return set()
            return {(found["a"], found["b"]) for _ in range(50) for found in jobs.find({"_id": "one"})}

        pairs = {pair for seen in in_threads(use) for pair in seen}

        assert {pair for pair in pairs if pair[0] != pair[1]} == set()


class TestParticular:
    def test_nothing_is_kept_after_closing(self) -> None:
        connect_embedded()
        mongoengine.get_db()["jobs"].insert_one({"_id": 1})
        lyceum_database.close()
        connect_embedded()
        try:
            assert mongoengine.get_db()["jobs"].count_documents({}) == 0
        finally:
            lyceum_database.close()

    def test_two_clients_share_nothing(self) -> None:
        one, other = EmbeddedMongoClient("mongodb://same.invalid"), EmbeddedMongoClient("mongodb://same.invalid")

        one["db"]["jobs"].insert_one({"_id": 1})

        assert other["db"]["jobs"].count_documents({}) == 0

    @pytest.mark.parametrize(
        "reach",
        [
            lambda client: client["db"]["jobs"],
            lambda client: client.db.jobs,
            lambda client: client.get_database("db").get_collection("jobs"),
            lambda client: client["db"]["jobs"].with_options(write_concern=None),
            lambda client: client["db"].with_options()["jobs"],
        ],
    )
    def test_every_way_to_a_collection_goes_under_the_one_lock(self, reach: Any) -> None:
        client = EmbeddedMongoClient("mongodb://embedded.invalid")
        collection = reach(client)

        with client._turn, ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(collection.insert_one, {"_id": 1})
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.05)
            client._turn.release()
            try:
                waiting.result(timeout=10)
            finally:
                client._turn.acquire()

        assert collection.count_documents({}) == 1

    def test_every_call_that_touches_documents_is_serialised(self) -> None:
        """A call that mongomock gains must be put on the list, or here with a reason."""
        lazy_or_harmless = {
            "find",  # reads when iterated, under the lock
            "list_indexes",  # a generator over the result of a serialised look
            "with_options",
            "find_raw_batches",  # mongomock refuses these three
            "aggregate_raw_batches",
            "initialize_ordered_bulk_op",
            "initialize_unordered_bulk_op",
        }
        calls = {name for name, value in vars(Collection).items() if callable(value) and not name.startswith("_")}

        assert calls - set(SERIALISED) - lazy_or_harmless == set()
        assert set(SERIALISED) <= calls


NAMES = st.sampled_from(["_id", "a", "b", "a.b"])
VALUES = st.sampled_from([None, "x", "y", 1, ["x"], ["y", 1], []])
BOUNDS = st.dictionaries(
    st.sampled_from(["$gt", "$gte", "$lt", "$lte", "$exists", "$in"]), st.integers(0, 2), min_size=1, max_size=2
).map(lambda bounds: {name: [bound] if name == "$in" else bound for name, bound in bounds.items()})
INNER = st.dictionaries(st.sampled_from(["b", "c"]), VALUES)
ELEMENTS = st.dictionaries(st.sampled_from(["b", "c"]), VALUES, min_size=1).map(lambda one: {"$elemMatch": one})
DOCUMENTS = st.lists(
    st.dictionaries(st.sampled_from(["a", "b"]), st.one_of(VALUES, INNER, st.lists(INNER, max_size=2)), max_size=2),
    max_size=4,
)
TEXT_IDS = ("x", "y", "", "z")


@example([{"a": ["x"]}], {"a": "x"})
@example([{}], {"a": {"$exists": 0}})
@example([{"a": {"b": "x"}}], {"a.b": "x"})
@example([{"a": [{"b": "y"}, {"b": ["x"]}]}, {"a": [{"b": "y"}]}], {"a": {"$elemMatch": {"b": "x", "c": None}}})
@example([{"a": [{"b": "y", "c": 1}, {"b": "x"}]}], {"a": {"$elemMatch": {"b": "x", "c": None}}})
@given(DOCUMENTS, st.dictionaries(NAMES, st.one_of(VALUES, BOUNDS, ELEMENTS), max_size=2))
def test_what_it_does_not_look_at_closely_is_nothing_that_matches(
    documents: list[dict[str, Any]], conditions: dict[str, Any]
) -> None:
    stored = [{**document, "_id": TEXT_IDS[number]} for number, document in enumerate(documents)]
    found = []
    clients: list[Any] = [mongomock.MongoClient(), EmbeddedMongoClient()]
    for client in clients:
        collection = client["test"]["things"]
        for document in stored:
            collection.insert_one(document)
        found.append(list(collection.find(conditions)))

    assert found[1] == found[0]
