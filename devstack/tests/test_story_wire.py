"""The demo over HTTP on real servers: it works, in names of its own, and takes them away again."""

import os

import pytest
from confluent_kafka.admin import AdminClient

from lyceum_database import MongoSettings, close, connect
from lyceum_devstack.cli import main
from lyceum_devstack.demo.witness import database

pytestmark = [pytest.mark.wire, pytest.mark.usefixtures("plain_names")]

KAFKA = os.environ.get("KAFKA_BOOTSTRAP", "")  # noqa: TID251 - where wire tests find their servers
OWN = "lyceum-demo-"


def left() -> set[str]:
    """Everything on the servers that a demo may have made."""
    admin = AdminClient({"bootstrap.servers": KAFKA})
    groups = {group.group_id for group in admin.list_consumer_groups().result(20).valid}
    connect(MongoSettings())
    try:
        databases = set(database().client.list_database_names())
    finally:
        close()
    names = {*admin.list_topics(timeout=10).topics, *groups, *(name.replace("_", "-") for name in databases)}
    return {name for name in names if name.startswith(OWN)}


@pytest.mark.timeout(170)
def test_every_promise_holds_and_nothing_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    before = left()

    assert main(["demo", "--students", "13"]) == 0

    out = capsys.readouterr().out
    assert "All 25 promises hold." in out
    assert "Removed: database lyceum_demo_" in out
    assert "Removed: topics and group lyceum-demo-" in out
    assert left() <= before
