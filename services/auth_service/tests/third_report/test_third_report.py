"""Signing in never meets a role model that is missing: the four conditions of the third incident, in fresh processes."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import lyceum_database

from .fresh import CREDENTIALS

FRESH = Path(__file__).with_name("fresh.py")
ONCE = {"conflicts": 0, "changed": 0, "rolled_back": 0}


def run(scenario: str, folder: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(FRESH), scenario, str(folder)], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_import_timing_a_hundred_first_requests_racing_the_imports(tmp_path: Path) -> None:
    assert run("import_timing", tmp_path) == {"answers": {"200": 100}, **ONCE}


def signed_in(port: int) -> tuple[int, int]:
    """Sign in as soon as anybody answers; returns the status, and how often nobody did."""
    body, refused, deadline = json.dumps(CREDENTIALS), 0, time.monotonic() + 60
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("POST", "/v1/login", body, {"Content-Type": "application/json"})
            return connection.getresponse().status, refused
        except ConnectionRefusedError:
            refused += 1
            time.sleep(0.01)  # a busy loop in a hundred threads would take the service's cores
        finally:
            connection.close()
    raise AssertionError("nobody answered in a minute")


def test_import_timing_the_first_requests_of_the_program_are_a_hundred_sign_ins_at_once(tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = int(held.getsockname()[1])
    environment = {
        **{name: text for name, text in os.environ.items() if not name.startswith(("MONGODB_", "KAFKA_", "AUTH_"))},  # noqa: TID251 - what a child process is started with
        "MONGODB_URI": "mongodb://embedded/",
        "KAFKA_BOOTSTRAP": "127.0.0.1:1",
        "AUTH_KEYS_DIRECTORY": str(tmp_path / "keys"),
        "AUTH_HASH_MEMORY_KIB": "7168",
        "AUTH_HASHES_WAITING": "200",
        "AUTH_HASH_WAIT_SECONDS": "60",
        "AUTH_LIMIT_ACCOUNT": "1000/minute",
        "ENVIRONMENT": "development",
        "HOST": "127.0.0.1",
        "PORT": str(port),
    }
    command = [sys.executable, str(FRESH.with_name("served.py")), str(tmp_path)]
    with ThreadPoolExecutor(100) as threads:
        answers = [threads.submit(signed_in, port) for _ in range(100)]
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as program:
            found = [answer.result() for answer in answers]
            program.send_signal(signal.SIGTERM)
            _, said = program.communicate(timeout=30)

    assert Counter(status for status, _ in found) == {200: 100}
    assert all(refused for _, refused in found), "each asked before the port was open"
    assert program.returncode == 0
    assert "Traceback" not in said


def without_role(folder: Path) -> Path:
    """A copy of lyceum_database whose indexes forget Role."""
    copied = folder / "lyceum_database"
    shutil.copytree(Path(lyceum_database.__file__).parent, copied)
    forgotten = ("Role,", '"Role",', "RoleRepository,", '"RoleRepository",')
    for index in (copied, copied / "models", copied / "repositories"):
        lines = (index / "__init__.py").read_text().splitlines()
        kept = [line for line in lines if line.strip() not in forgotten and ".role" not in line]
        (index / "__init__.py").write_text("\n".join(kept))
    return folder


def test_a_role_model_left_out_of_the_index_ends_the_start_with_the_field_and_file_that_need_it(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "auth_service", "run"],
        env={**os.environ, "PYTHONPATH": str(without_role(tmp_path))},  # noqa: TID251 - what a child process is started with
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    assert "User.roles: refers to the model 'Role', which is not registered" in ended.stderr
    assert f"{tmp_path}/lyceum_database/models/user.py:" in ended.stderr


def test_duplicate_module_instances_are_one_model(tmp_path: Path) -> None:
    found = run("duplicate_instances", tmp_path)

    assert found == {"answers": {"200": 100}, "same": {"true": 20}, **ONCE}


def test_a_bypassed_registry_says_what_to_import_and_spoils_nothing(tmp_path: Path) -> None:
    found = run("bypassed_registry", tmp_path)

    assert found["said"][0] == "no model is registered as 'Role': import the module that defines it."
    assert len(found["said"]) == 2
    assert {name: found[name] for name in ("answers", "half", "same")} == {
        "answers": {"200": 10},
        "half": 0,
        "same": True,
    }


def test_execution_contexts_threads_a_spawned_and_a_forked_process(tmp_path: Path) -> None:
    found = run("contexts", tmp_path)

    assert found == {"fork": {"200": 5}, "spawn": {"200": 5}, "threads": {"200": 100}, **ONCE}
