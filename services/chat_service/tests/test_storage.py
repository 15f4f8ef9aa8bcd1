"""Any number of replicas may take the deploy steps at one moment, and again."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from chat_service import storage, talking
from lyceum_database import IndexesDiffer
from lyceum_database.testing import temporary_database

REPLICAS = 8


@pytest.fixture(autouse=True)
def _database() -> Iterator[None]:
    with temporary_database([]):
        yield


def test_what_was_made_by_several_at_once_is_verified_and_making_it_again_is_fine() -> None:
    with pytest.raises(IndexesDiffer):
        storage.verify()
    together = Barrier(REPLICAS)

    def create(_: int) -> None:
        together.wait()
        storage.create()

    with ThreadPoolExecutor(REPLICAS) as replicas:
        list(replicas.map(create, range(REPLICAS)))
    storage.create()

    storage.verify()
    assert storage.inbox_collection().index_information().keys() > {"_id_"}


def test_every_document_that_the_domains_use_is_verified() -> None:
    assert set(storage.MODELS) == set(talking.MODELS)
