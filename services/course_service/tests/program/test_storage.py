"""What the program stores, where, and which topics it needs."""

import asyncio
from collections.abc import Iterator

import pytest

from course_service import storage, topics
from keylane import MemoryInbox, Worker
from keylane.mongo import MongoInbox
from lyceum_contracts import COURSE_SERVICE, TOPICS
from lyceum_database.testing import temporary_database


@pytest.fixture(autouse=True)
def _database() -> Iterator[None]:
    with temporary_database([]):
        yield


def test_what_was_made_is_verified_and_making_it_again_is_fine() -> None:
    storage.create()
    storage.create()

    storage.verify()


def test_every_collection_with_an_outbox_is_relayed() -> None:
    reporting = {model._get_collection_name() for model in storage.MODELS if "outbox" in model._fields}

    assert {collection.name for collection in storage.outbox_collections()} == reporting == {"courses", "purchases"}


def test_the_listener_finds_the_index_of_its_inbox() -> None:
    storage.create()

    asyncio.run(MongoInbox(storage.inbox_collection()).ping())


def test_the_topics_that_are_made_are_those_that_are_read_and_written() -> None:
    made = {topic.name for topic in topics.specs("school.", COURSE_SERVICE)}

    worker = Worker(COURSE_SERVICE, [topics.read_topic("school.")], {"x": print}, inbox=MemoryInbox())
    written = {f"school.{topic.name}" for topic in TOPICS if COURSE_SERVICE in topic.producers}
    assert made == {*worker.needed_topics, *written}
    assert len(written) == 2
