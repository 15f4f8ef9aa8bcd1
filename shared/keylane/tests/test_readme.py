"""The README's code is code."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import subprocess
import sys
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mongomock
import pytest
from prometheus_client import CollectorRegistry

import keylane
from keylane import KafkaSettings, Message
from keylane.kafka import KafkaBroker
from keylane.mongo import OutboxRelay
from keylane.testing import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keylane.testing import MockCluster

FOLDER = Path(__file__).parents[1]
README = (FOLDER / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


QUICK_START, EFFECTS, BESIDE, WATCHING, TESTING = BLOCKS
EMBEDDED = "import mongomock, pymongo; pymongo.MongoClient = mongomock.MongoClient\n"
SERVER = '"localhost:9092"'


@contextlib.contextmanager
def quick_start(bootstrap: str) -> Iterator[subprocess.Popen[str]]:
    """The sample as it is written, but for the addresses of its servers."""
    assert SERVER in QUICK_START
    program = EMBEDDED + QUICK_START.replace(SERVER, repr(bootstrap))
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", program], stdout=pipe, stderr=pipe, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


async def test_the_quick_start_handles_an_event_and_ends_with_a_signal(cluster: MockCluster) -> None:
    for topic in (
        "orders",
        "orders.mailer.dlq",
        "orders.mailer.replay",
    ):  # the mock cluster has no request that creates topics
        cluster.create_topic(topic, 2)
    publisher = KafkaBroker(KafkaSettings(bootstrap_servers=cluster.bootstrap)).publisher()
    headers = [("ce_id", b"e1"), ("ce_type", b"order.paid")]
    await (await publisher.send("orders", key=b"k", value=b'{"order": 17}', headers=headers))
    await publisher.close(timeout_s=1)
    with quick_start(cluster.bootstrap) as process:
        assert process.stdout is not None
        line = await asyncio.wait_for(asyncio.to_thread(process.stdout.readline), 30)
        process.send_signal(signal.SIGTERM)
        _, complaints = await asyncio.to_thread(process.communicate, timeout=30)

    assert line == "e1 17\n"
    assert process.returncode == 0, complaints
    assert "Traceback" not in complaints


@pytest.mark.parametrize(("bootstrap", "code", "words"), [("127.0.0.1:1", 1, "127.0.0.1:1"), ("a:b", 2, "host:port")])
def test_the_quick_start_says_in_a_line_what_keeps_it_from_starting(bootstrap: str, code: int, words: str) -> None:
    with quick_start(bootstrap) as process:
        _, complaints = process.communicate(timeout=30)

    assert process.returncode == code, complaints
    assert words in complaints.splitlines()[-1]
    assert "Traceback" not in complaints


def message(fence: int = 1) -> Message:
    place: dict[str, Any] = {"topic": "t", "partition": 0, "offset": 0, "key": b"k", "source": "", "time": None}
    return Message(id="e", type="made", data={"seat": 7}, headers={}, attempt=1, fence=fence, **place)


def test_its_effects_are_safe_to_repeat() -> None:
    sample: dict[str, Any] = {}
    exec(EFFECTS, sample)  # noqa: S102  the README's own code
    database: Any = mongomock.MongoClient(tz_aware=True).db
    sample["book"](message(), database.bookings)
    sample["book"](message(), database.bookings)
    sample["price"](message(fence=2), database.quotes)
    database.quotes.update_one({"_id": "e"}, {"$set": {"price": 43}})
    sample["price"](message(fence=1), database.quotes)

    assert list(database.bookings.find()) == [{"_id": "e", "seat": 7}]
    assert database.quotes.find_one() == {"_id": "e", "fence": 2, "price": 43}, "an overtaken run wrote"


async def test_its_relay_and_its_sweeper_run(cluster: MockCluster) -> None:
    sample: dict[str, Any] = {}
    exec(BESIDE, sample)  # noqa: S102  the README's own code
    swept = asyncio.Event()
    documents: Any = mongomock.MongoClient(tz_aware=True).db.documents
    parts = sample["parts"](documents, KafkaSettings(bootstrap_servers=cluster.bootstrap), swept.set)
    running = [asyncio.create_task(part.run()) for part in parts]
    await until(lambda: swept.is_set() and all(part.ready for part in parts))
    for part in parts:
        assert part.why_unready == ""
        part.request_stop()
        await part.stop()
    await asyncio.gather(*running)


def test_its_collectors_tell_of_all_three() -> None:
    sample: dict[str, Any] = {}
    exec(WATCHING, sample)  # noqa: S102  the README's own code
    registry = CollectorRegistry()
    documents: Any = mongomock.MongoClient().db.documents
    worker = keylane.Worker("g", ["t"], {"made": print}, inbox=keylane.MemoryInbox())
    sweeper = keylane.Every("sweep", timedelta(minutes=1), print)
    sample["watch"](registry, worker, OutboxRelay(documents, KafkaSettings()), sweeper)

    assert registry.get_sample_value("keylane_ready", {"group": "g"}) == 0
    assert registry.get_sample_value("keylane_outbox_backlog_documents", {"collection": "documents"}) == 0
    assert registry.get_sample_value("keylane_every_ready", {"name": "sweep"}) == 1


async def test_its_test_passes() -> None:
    sample: dict[str, Any] = {}
    exec(TESTING, sample)  # noqa: S102  the README's own code
    (test,) = (value for name, value in sample.items() if name.startswith("test_"))
    await test()


def test_its_install_lines_name_extras_that_exist() -> None:
    declared = tomllib.loads((FOLDER / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(re.findall(r"keylane\[(\w+)\]", README)) == set(declared)


def test_the_exported_names_are_those_of_all() -> None:
    assert sorted(keylane.__all__) == sorted(set(keylane.__all__))
    for name in keylane.__all__:
        assert hasattr(keylane, name)


def test_defaults_in_the_settings_table_are_the_defaults() -> None:
    settings = keylane.KafkaSettings()
    for name in ("session_timeout", "heartbeat_interval", "drain_timeout", "stop_timeout", "request_timeout"):
        row = re.search(rf"`(?:KafkaSettings)?\.{name}` \| (\d+) s \|", README)
        assert row, name
        assert getattr(settings, name).total_seconds() == int(row[1])
