"""The demo at the level of Kafka on real servers: it works, in names of its own, and leaves everything else as it was."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from lyceum_database import MongoSettings, close, connect
from lyceum_devstack.cli import main
from lyceum_devstack.demo.kafka import end_of
from lyceum_devstack.demo.witness import database

pytestmark = [pytest.mark.wire, pytest.mark.usefixtures("plain_names")]

KAFKA = os.environ.get("KAFKA_BOOTSTRAP", "")  # noqa: TID251 - where wire tests find their servers
OWN_TOPIC = "purchases"


@pytest.fixture(scope="module")
def admin() -> AdminClient:
    return AdminClient({"bootstrap.servers": KAFKA})


@pytest.fixture(scope="module")
def own_record(admin: AdminClient, plain_names: None) -> Iterator[None]:
    """A topic of the same name as the demo's, with one record that is not the demo's."""
    created = OWN_TOPIC not in admin.list_topics(timeout=10).topics
    if created:
        admin.create_topics([NewTopic(OWN_TOPIC, 12, 1)])[OWN_TOPIC].result(20)
    producer = Producer({"bootstrap.servers": KAFKA})
    producer.produce(OWN_TOPIC, b"mine", b"mine", partition=0)
    assert producer.flush(20) == 0
    yield
    if created:
        admin.delete_topics([OWN_TOPIC])[OWN_TOPIC].result(20)


def ends() -> dict[int, int]:
    reader = Consumer({"bootstrap.servers": KAFKA, "group.id": "bystander"})
    try:
        return {number: end_of(reader, OWN_TOPIC, number) for number in range(12)}
    finally:
        reader.close()


def seen(there: Iterable[str]) -> set[str]:
    """What the demo might have made or removed; other tests have names of their own on these servers."""
    return {name for name in there if name.startswith(("lyceum", OWN_TOPIC))}


def databases() -> set[str]:
    connect(MongoSettings())
    try:
        return seen(database().client.list_database_names())
    finally:
        close()


def drop(name: str) -> None:
    connect(MongoSettings())
    try:
        database().client.drop_database(name)
    finally:
        close()


def names(admin: AdminClient) -> set[str]:
    return seen(admin.list_topics(timeout=10).topics)


def groups(admin: AdminClient) -> set[str]:
    return seen(group.group_id for group in admin.list_consumer_groups().result(20).valid)


@pytest.mark.usefixtures("own_record")
def test_every_promise_holds_and_nothing_else_is_touched(
    admin: AdminClient, capsys: pytest.CaptureFixture[str]
) -> None:
    before = ends(), databases(), names(admin), groups(admin)
    assert main(["demo", "--events"]) == 0
    out = capsys.readouterr().out
    assert "All 11 promises hold." in out
    assert "Removed: database lyceum_demo_" in out
    assert "Removed: topics and group lyceum-demo-" in out
    assert (ends(), databases(), names(admin), groups(admin)) == before


@pytest.mark.usefixtures("own_record")
def test_what_was_made_can_be_kept(admin: AdminClient, capsys: pytest.CaptureFixture[str]) -> None:
    before, databases_before = names(admin), databases()
    assert main(["demo", "--events", "--keep"]) == 0
    assert "Kept: database lyceum_demo_" in capsys.readouterr().out
    kept = names(admin) - before
    assert {name.partition(".")[2] for name in kept} >= {"purchases", "allocations"}
    for outcome in admin.delete_topics(list(kept)).values():
        outcome.result(20)
    (made,) = databases() - databases_before
    drop(made)


@pytest.mark.usefixtures("own_record")
def test_an_interrupted_run_cleans_up_too(admin: AdminClient) -> None:
    before = databases(), names(admin), groups(admin)
    process = subprocess.Popen(
        [sys.executable, "-m", "lyceum_devstack", "demo", "--events"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert any(line.startswith("Imported") for line in process.stdout)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert (databases(), names(admin), groups(admin)) == before
