"""The real servers: they take part in these tests only under the marker `wire`."""

import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pymongo
import pytest
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError, PyMongoError

from real_servers import Server, kafka_server, mongo_server
from real_servers.kafka_protocol import lists_a_broker
from real_servers.ports import LOOPBACK
from real_servers.settings import environment_with

pytestmark = pytest.mark.wire

THREADS = 16


@pytest.fixture(scope="module")
def mongo() -> Iterator[Server]:
    with mongo_server() as server:
        yield server


@pytest.fixture
def things(mongo: Server) -> Iterator[Collection[dict[str, Any]]]:
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(mongo.address)
    with client:
        yield client[f"test-{uuid.uuid4().hex}"]["things"]


def at_once(work: Callable[[int], Any]) -> list[Any]:
    """The results of `work` in 16 threads that begin together."""
    gate = threading.Barrier(THREADS)

    def begin(number: int) -> Any:
        gate.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(begin, range(THREADS)))


def broker_answers(broker: Server) -> bool:
    return lists_a_broker(LOOPBACK, int(broker.address.rpartition(":")[2]))


def test_a_broker_answers_freezes_thaws_and_comes_back_after_kill_9() -> None:
    with kafka_server() as broker:
        assert broker_answers(broker)
        broker.freeze()
        assert not broker_answers(broker)
        broker.thaw()
        assert broker_answers(broker)
        broker.kill()
        assert not broker_answers(broker)
        broker.start()
        assert broker_answers(broker)


def test_a_reader_never_sees_half_of_an_update(things: Collection[dict[str, Any]]) -> None:
    between = {f"f{number}": number for number in range(2000)}  # so that writing an answer takes a while
    things.insert_one({"_id": 1, "first": 0, **between, "last": 0})

    def use(number: int) -> list[tuple[int, int]]:
        if number % 2:
            for _ in range(20):
                things.update_one({"_id": 1}, {"$inc": {"first": 1, "last": 1}})
            return []
        found = [each for _ in range(20) for each in things.find({"_id": 1})]
        found += [things.find_one_and_update({"_id": 1}, {"$inc": {"first": 1, "last": 1}}) or {} for _ in range(5)]
        return [(each["first"], each["last"]) for each in found]

    seen = {pair for pairs in at_once(use) for pair in pairs}

    assert {pair for pair in seen if pair[0] != pair[1]} == set()


def test_a_job_is_handed_out_once(things: Collection[dict[str, Any]]) -> None:
    things.insert_many([{"_id": number, "state": "new"} for number in range(160)])

    def take(_: int) -> list[int]:
        taken = []
        while job := things.find_one_and_update({"state": "new"}, {"$set": {"state": "taken"}}):
            taken.append(job["_id"])
        return taken

    handed_out = [job for taken in at_once(take) for job in taken]
    assert sorted(handed_out) == list(range(160))


def test_one_of_many_compare_and_sets_wins(things: Collection[dict[str, Any]]) -> None:
    things.insert_one({"_id": "a", "version": 1})
    updates = at_once(
        lambda number: things.update_one({"_id": "a", "version": 1}, {"$set": {"version": 2, "by": number}})
    )
    assert sum(update.modified_count for update in updates) == 1


def test_the_last_seat_is_taken_once(things: Collection[dict[str, Any]]) -> None:
    things.insert_one({"_id": "t", "free": 3, "seats": []})
    claims = at_once(
        lambda number: things.update_one(
            {"_id": "t", "free": {"$gte": 1}}, {"$inc": {"free": -1}, "$push": {"seats": number}}
        )
    )
    assert sum(claim.modified_count for claim in claims) == 3
    trainer = things.find_one({"_id": "t"})
    assert trainer is not None
    assert (trainer["free"], len(trainer["seats"])) == (0, 3)


def test_a_sparse_unique_key_is_unique_where_it_exists_only(things: Collection[dict[str, Any]]) -> None:
    things.create_index("key", unique=True, sparse=True)
    things.insert_many([{"_id": 1}, {"_id": 2}, {"_id": 3, "key": "a"}])
    with pytest.raises(DuplicateKeyError):
        things.insert_one({"_id": 4, "key": "a"})
    assert things.count_documents({}) == 3


def test_one_of_many_inserts_of_a_unique_key_wins(things: Collection[dict[str, Any]]) -> None:
    things.create_index("key", unique=True, sparse=True)

    def insert(number: int) -> bool:
        try:
            things.insert_one({"_id": number, "key": "the same"})
        except DuplicateKeyError:
            return False
        return True

    assert at_once(insert).count(True) == 1


def test_a_frozen_store_times_out_and_serves_again_after_the_thaw() -> None:
    with mongo_server() as server:
        client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(server.address)
        with client:
            client.lyceum.things.insert_one({"_id": 1})
            server.freeze()
            with pytest.raises(PyMongoError), pymongo.timeout(0.3):
                client.lyceum.things.find_one()
            server.thaw()
            assert client.lyceum.things.find_one() == {"_id": 1}


def test_the_command_starts_both_servers_and_stops_them() -> None:
    show = "import os; print(os.environ['KAFKA_BOOTSTRAP'], os.environ['MONGODB_URI'])"
    command = [sys.executable, "-m", "real_servers", "run", "--", sys.executable, "-c", show]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
        env=environment_with(KAFKA_BOOTSTRAP="", MONGODB_URI=""),
    )
    bootstrap, uri = done.stdout.split()
    assert "kafka answers at" in done.stderr
    assert "mongo answers at" in done.stderr
    assert not lists_a_broker(LOOPBACK, int(bootstrap.rpartition(":")[2]))
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(uri, serverSelectionTimeoutMS=300)
    with client, pytest.raises(PyMongoError):
        client.admin.command("ping")
