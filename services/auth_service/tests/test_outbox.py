"""An event is part of the write that it reports, leaves once that is durable, and is never lost to a race with a save."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from auth_service import storage
from auth_service.outbox import report
from auth_service.people import People
from keylane.mongo import OutboxRelay
from keylane.testing import InMemoryBroker, until
from lyceum_contracts import Decoded, UserRegistered, UserRoleChanged, decode, derived_id
from lyceum_database import DEFAULT_ORG, StaleVersion, User
from lyceum_database.testing import temporary_database
from lyceum_web import correlation

NOW = datetime(2020, 1, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _database() -> Iterator[None]:
    with temporary_database(storage.MODELS):
        yield


def newcomer() -> User:
    user = User(name="Ada", email="ada@example.org")
    report(user, UserRegistered(user_id=user.id, roles=(), registered_at=NOW), org_id=DEFAULT_ORG, now=NOW)
    return user


def promoted(user: User) -> User:
    changed = UserRoleChanged(user_id=user.id, roles=("trainer",), by="operator", changed_at=NOW)
    report(user, changed, org_id=DEFAULT_ORG, now=NOW)
    return user


async def relayed(broker: InMemoryBroker, count: int) -> list[Decoded]:
    """Run a relay until so many records are out and nothing is left to be published."""
    collection = storage.outbox_collections()[0]
    relay = OutboxRelay(collection, broker=broker, interval=timedelta(milliseconds=10))
    running = asyncio.create_task(relay.run())
    await until(lambda: relay.published >= count and not collection.count_documents({"outbox_due": {"$exists": True}}))
    await relay.stop()
    await running
    return told_on(broker)


def told_on(broker: InMemoryBroker) -> list[Decoded]:
    return [
        decode(record.value or b"", [(name, value or b"") for name, value in record.headers])
        for record in broker.records("users")
    ]


@pytest.fixture
def broker() -> InMemoryBroker:
    made = InMemoryBroker()
    made.create_topic("users", 1)
    return made


async def test_an_event_leaves_once_its_user_is_stored_and_leaves_the_user_as_it_was(broker: InMemoryBroker) -> None:
    user = People().insert(newcomer())

    (told,) = await relayed(broker, 1)

    assert told.event.to_data()["user_id"] == user.id
    assert told.envelope.id == derived_id(user.id, 1, "USER_REGISTERED")
    stored = People().get(user.id)
    assert (stored.outbox, stored.outbox_due, stored.version) == ([], None, 1)


async def test_what_was_never_stored_is_never_told(broker: InMemoryBroker) -> None:
    user = People().insert(newcomer())
    lost = People().get(user.id)
    People().save(People().get(user.id))

    with pytest.raises(StaleVersion):
        People().save(promoted(lost))

    assert [told.event.type for told in await relayed(broker, 1)] == ["USER_REGISTERED"]


async def test_a_change_that_was_decided_before_the_relay_came_by_is_told_after_it(broker: InMemoryBroker) -> None:
    user = People().insert(newcomer())
    read_before = People().get(user.id)
    await relayed(broker, 1)

    People().save(promoted(read_before))
    told = await relayed(broker, 1)

    # The first may come twice, with its own id; the second comes last, and once.
    ids = [one.envelope.id for one in told]
    assert ids[-1] == derived_id(user.id, 2, "USER_ROLE_CHANGED")
    assert set(ids[:-1]) == {derived_id(user.id, 1, "USER_REGISTERED")}


async def test_a_change_beside_the_relay_loses_no_event(broker: InMemoryBroker) -> None:
    user = People().insert(newcomer())
    relay = OutboxRelay(storage.outbox_collections()[0], broker=broker, interval=timedelta(milliseconds=1))
    running = asyncio.create_task(relay.run())
    for _ in range(30):
        await asyncio.to_thread(lambda: People().save(promoted(People().get(user.id))))
    await until(lambda: not relay._documents._collection.count_documents({"outbox_due": {"$exists": True}}))
    await relay.stop()
    await running

    ids = [told.envelope.id for told in told_on(broker)]
    firsts = list(dict.fromkeys(ids))
    assert firsts == [
        derived_id(user.id, 1, "USER_REGISTERED"),
        *(derived_id(user.id, version, "USER_ROLE_CHANGED") for version in range(2, 32)),
    ]


def test_an_event_names_the_request_that_brought_it_about() -> None:
    request = correlation.begin([(b"x-correlation-id", b"abc-1")])

    user = newcomer()

    (entry,) = user.outbox
    assert entry["headers"]["ce_correlationid"] == request.correlation_id == "abc-1"
    assert entry["headers"]["ce_source"] == "/auth-service"
    assert user.outbox_due == NOW
