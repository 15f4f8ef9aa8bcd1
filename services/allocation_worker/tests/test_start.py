"""What cannot heal ends the program at start with code 2 and one line; what can is waited for, unready and saying so."""

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

import lyceum_database
from allocation_worker import storage
from allocation_worker.health import HealthServer
from allocation_worker.main import initialize, main
from allocation_worker.program import AllocationWorker
from allocation_worker.topics import specs
from keylane import KafkaSettings, Worker
from keylane.testing import until
from lyceum_allocation import Allocation
from lyceum_database.embedded import EmbeddedMongoClient
from lyceum_program.errors import StartRefused


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def environment(**variables: str) -> dict[str, str]:
    inherited = os.environ  # noqa: TID251 - what a child process is started with
    kept = {name: value for name, value in inherited.items() if not name.startswith(("MONGODB_", "KAFKA_", "HEALTH_"))}
    return {**kept, **variables}


def started(stage: Any, **changes: Any) -> AllocationWorker:
    return initialize(replace(stage.settings, **changes), client_class=EmbeddedMongoClient)


async def get(port: int, path: str, method: str = "GET") -> tuple[int, dict[str, str]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    return int(head.split()[1]), json.loads(body)


FROM_COURSE = re.compile(r"\.courses? import ")


def without_course(folder: Path) -> Path:
    """A copy of lyceum_database in which nothing imports the module of Course."""
    copied = folder / "lyceum_database"
    shutil.copytree(Path(lyceum_database.__file__).parent, copied)
    forgotten = ("Course,", '"Course",', "CourseRepository,", '"CourseRepository",')
    for index in (copied, copied / "models", copied / "repositories"):
        lines = (index / "__init__.py").read_text().splitlines()
        kept = [line for line in lines if line.strip() not in forgotten and not FROM_COURSE.search(line)]
        (index / "__init__.py").write_text("\n".join(kept))
    return folder


def test_a_model_left_out_of_the_index_ends_the_start_with_the_field_that_needs_it(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "allocation_worker", "run"],
        env=environment(
            PYTHONPATH=str(without_course(tmp_path)),
            MONGODB_URI="mongodb://127.0.0.1:1",
            KAFKA_BOOTSTRAP="127.0.0.1:1",
        ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 2, ended.stderr
    assert "Allocation.course_id" in ended.stderr
    assert "Course" in ended.stderr
    assert re.search(r"allocation\.py:\d+", ended.stderr), "the field's file and line"
    assert "Traceback" not in ended.stderr
    assert "waits for" not in ended.stderr, "it went on to the servers"


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({}, "MONGODB_URI is not set"),
        ({"MONGODB_URI": "http://x"}, "MONGODB_URI must start with mongodb://"),
        ({"MONGODB_URI": "mongodb://x"}, "KAFKA_BOOTSTRAP is not set"),
        ({"MONGODB_URI": "mongodb://x", "KAFKA_BOOTSTRAP": "x"}, "KAFKA_BOOTSTRAP holds 'x': give host:port"),
        (
            {"KAFKA_BOOTSTRAP": "localhost:99999", "MONGODB_URI": "mongodb://x"},
            "KAFKA_BOOTSTRAP holds 'localhost:99999'",
        ),
        ({"KAFKA_SESSION_TIMEOUT_SECONDS": "-1"}, "KAFKA_SESSION_TIMEOUT_SECONDS: "),
        ({"HEALTH_PORT": "http"}, "HEALTH_PORT: "),
        ({"SWEEP_INTERVAL_SECONDS": "0"}, "SWEEP_INTERVAL_SECONDS: "),
        ({"SWEEP_INTERVAL_SECONDS": "inf"}, "SWEEP_INTERVAL_SECONDS: "),
        ({"INBOX_LEASE_SECONDS": "1e300"}, "INBOX_LEASE_SECONDS: "),
        ({"INBOX_LEASE_SECONDS": "1e-9"}, "INBOX_LEASE_SECONDS: "),
        ({"KAFKA_SESSION_TIMEOUT_SECONDS": "inf"}, "KAFKA_SESSION_TIMEOUT_SECONDS: "),
        (
            {"KAFKA_HEARTBEAT_INTERVAL_SECONDS": "29"},
            "KAFKA_HEARTBEAT_INTERVAL_SECONDS 29: give at most half of KAFKA_SESSION_TIMEOUT_SECONDS 30",
        ),
        ({"KAFKA_TOPIC_PREFIX": "a b"}, "KAFKA_TOPIC_PREFIX: "),
        ({"KAFKA_GROUP": "a/b"}, "KAFKA_GROUP: "),
        ({"KAFKA_SECURITY_PROTOCOL": "TLS"}, "KAFKA_SECURITY_PROTOCOL: "),
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT"}, "KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD are needed"),
        (
            {
                "MONGODB_URI": "mongodb://x",
                "KAFKA_BOOTSTRAP": "x:1",
                "KAFKA_SECURITY_PROTOCOL": "SSL",
                "KAFKA_CA_FILE": "/none.pem",
            },
            "KAFKA_CA_FILE /none.pem: No such file or directory",
        ),
    ],
)
def test_wrong_settings_end_the_start(
    variables: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = (
        {"MONGODB_URI": "mongodb://x", "KAFKA_BOOTSTRAP": "x:1"}
        if len(variables) == 1 and "MONGODB_URI" not in variables
        else {}
    )
    for name in ("MONGODB_URI", "MONGODB_DATABASE", "KAFKA_BOOTSTRAP", "HEALTH_PORT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {**good, **variables}.items():
        monkeypatch.setenv(name, value)

    assert main(["run"]) == 2

    line = capsys.readouterr().err
    assert line.startswith(f"allocation-worker: {says}")
    assert line.count("\n") == 1


async def test_a_missing_topic_ends_the_start_before_the_group_is_joined(stage: Any) -> None:
    program = started(stage, topic_prefix="nowhere.")

    with pytest.raises(
        StartRefused,
        match=r"missing topic nowhere.allocations, nowhere.purchases, .*`python -m allocation_worker topics`$",
    ):
        await asyncio.wait_for(program.run(), 20)

    assert not program.ready


async def test_a_missing_index_ends_the_start_before_the_group_is_joined(stage: Any) -> None:
    Allocation._get_collection().drop_index("outbox_due_1")
    program = started(stage)

    with pytest.raises(
        StartRefused, match=r"run `python -m allocation_worker indexes`\): Allocation \(outbox_due\) is missing"
    ):
        await asyncio.wait_for(program.run(), 20)


async def test_the_inbox_index_is_asked_for_too(stage: Any) -> None:
    storage.inbox_collection().drop_indexes()
    program = started(stage)

    with pytest.raises(Exception, match="expire_at"):
        await asyncio.wait_for(program.run(), 20)


async def test_a_kafka_that_is_away_is_waited_for_and_named(
    stage: Any, closed_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    program = started(stage, kafka=KafkaSettings(bootstrap_servers=f"127.0.0.1:{closed_port}"))
    running = asyncio.create_task(program.run())

    await until(lambda: "waits for Kafka" in program.why_unready)
    assert f"127.0.0.1:{closed_port}" in program.why_unready
    assert not program.ready
    assert program.alive
    program.request_stop()
    await asyncio.wait_for(running, 10)

    assert any("waits for Kafka" in record.message for record in caplog.records)


async def test_the_health_check_answers_before_the_worker_is_ready(stage: Any) -> None:
    async with HealthServer(started(stage), host="127.0.0.1", port=0) as health:
        assert await get(health.port, "/livez") == (200, {"status": "alive"})
        assert await get(health.port, "/readyz") == (503, {"status": "unavailable", "why": "starting"})
        assert (await get(health.port, "/elsewhere"))[0] == 404
        assert (await get(health.port, "/livez", "POST"))[0] == 405


async def test_the_health_check_says_when_the_worker_is_ready(stage: Any) -> None:
    async with stage.working() as program, HealthServer(program, host="127.0.0.1", port=0) as health:
        assert await get(health.port, "/readyz") == (200, {"status": "ready"})


async def test_garbage_does_not_harm_the_health_check(stage: Any) -> None:
    async with HealthServer(started(stage), host="127.0.0.1", port=0) as health:
        for garbage in (b"\x00" * 20_000, b"\r\n\r\n", b"GET"):
            _, writer = await asyncio.open_connection("127.0.0.1", health.port)
            writer.write(garbage)
            writer.close()

        assert (await get(health.port, "/livez"))[0] == 200


async def test_a_port_that_is_taken_is_refused_in_one_line(stage: Any) -> None:
    program = started(stage)
    async with HealthServer(program, host="127.0.0.1", port=0) as health:
        with pytest.raises(StartRefused, match=f"^HEALTH_PORT {health.port} of HEALTH_HOST 127.0.0.1: "):
            async with HealthServer(program, host="127.0.0.1", port=health.port):
                pass


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1"])
async def test_a_host_that_is_not_this_machine_is_refused_by_name(stage: Any, host: str) -> None:
    with pytest.raises(StartRefused, match=f"^HEALTH_HOST {host}: .*: give an address of this machine"):
        async with HealthServer(started(stage), host=host, port=0):
            pass


async def test_the_log_tells_the_life_of_the_program(stage: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="allocation_worker")
    async with stage.working():
        await until(lambda: "ready" in actions(caplog))

    assert actions(caplog) == ["start", "ready", "stopping", "stopped"]
    start, *_, stopped = (vars(record) for record in caplog.records if hasattr(record, "action"))
    prefix = stage.settings.topic_prefix
    assert start["version"] == version("allocation-worker")
    assert start["group"] == stage.settings.group
    assert start["topics"] == {"reads": f"{prefix}purchases", "writes": f"{prefix}allocations"}
    assert start["kafka"] == stage.settings.kafka.bootstrap_servers
    assert stopped["done"] == 0


async def test_the_log_tells_when_a_ready_worker_no_longer_is(
    stage: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("INFO", logger="allocation_worker")
    async with stage.working():
        await until(lambda: "ready" in actions(caplog))
        with monkeypatch.context() as patch:
            patch.setattr(Worker, "ready", False)
            patch.setattr(Worker, "why_unready", "the database is away")
            await until(lambda: "unready" in actions(caplog))
        await until(lambda: actions(caplog).count("ready") == 2)

    assert "unready: the database is away" in [record.getMessage() for record in caplog.records]


def actions(caplog: pytest.LogCaptureFixture) -> list[str]:
    of_program = [record for record in caplog.records if record.name == "allocation_worker.program"]
    return [vars(record)["action"] for record in of_program]


def test_the_topics_that_are_deployed_are_those_that_are_needed(stage: Any) -> None:
    prefix, group = stage.settings.topic_prefix, stage.settings.group

    assert [(spec.name, spec.partitions) for spec in specs(stage.settings)] == [
        (f"{prefix}purchases", 12),
        (f"{prefix}allocations", 12),
        (f"{prefix}purchases.{group}.dlq", 12),
        (f"{prefix}purchases.{group}.replay", 12),
    ]


def test_a_real_process_waits_says_so_and_leaves_at_sigterm(closed_port: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "allocation_worker", "run"],
        env=environment(
            MONGODB_URI=f"mongodb://127.0.0.1:{closed_port}",
            MONGODB_SERVER_SELECTION_TIMEOUT_MS="200",
            KAFKA_BOOTSTRAP="127.0.0.1:1",
        ),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    first, line = json.loads(process.stderr.readline()), json.loads(process.stderr.readline())
    process.send_signal(signal.SIGTERM)

    assert process.wait(timeout=20) == 0
    last = [json.loads(text) for text in process.stderr]
    process.stderr.close()
    assert (first["action"], first["version"]) == ("start", version("allocation-worker"))
    assert [entry["action"] for entry in last][-2:] == ["stopping", "stopped"]
    assert line["message"].startswith("waits for MongoDB: ")
    assert (line["level"], line["action"]) == ("WARNING", "waiting")
