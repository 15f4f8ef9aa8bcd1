"""A machine without Java or Maven, with an old one, or without a network."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from real_servers import FetchFailed, ToolMissing
from real_servers.jars import folder_of
from real_servers.settings import environment_with
from real_servers.tools import Java, find_java, find_maven


def program(folder: Path, name: str, script: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def path_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the whole PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.mark.parametrize(("find", "name"), [(find_java, "java"), (find_maven, "mvn")])
def test_a_missing_tool_is_named_with_the_way_to_get_it(path_only: Path, find: Callable[[], object], name: str) -> None:
    with pytest.raises(ToolMissing) as caught:
        find()
    text = str(caught.value)
    assert text.startswith(f"`{name}` was not found")
    assert "apt install openjdk-17-jdk-headless maven" in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("said", "complaint"), [("11.0.2", "Java 11.0.2 is too old, Kafka needs 17"), ("1.8.0_402", "too old")]
)
def test_an_old_java_is_refused(path_only: Path, said: str, complaint: str) -> None:
    program(path_only, "java", f"echo 'openjdk version \"{said}\"' >&2")
    with pytest.raises(ToolMissing, match=complaint):
        find_java()


def test_a_new_java_is_taken(path_only: Path) -> None:
    path = program(path_only, "java", "echo 'openjdk version \"21.0.1\" 2023-10-17' >&2")
    assert find_java() == Java(program=path, version="21.0.1")


def test_a_java_that_does_not_run_is_refused(path_only: Path) -> None:
    program(path_only, "java", "exit 1")
    with pytest.raises(ToolMissing, match="`java -version` failed"):
        find_java()


def test_a_failed_fetch_is_one_line_and_leaves_nothing_that_looks_complete(path_only: Path, tmp_path: Path) -> None:
    program(path_only, "mvn", "echo '[ERROR] no route to host'; echo '[ERROR] more'; exit 1")
    cache = tmp_path / "cache"

    with pytest.raises(FetchFailed, match=r"Maven could not fetch what kafka needs .*: \[ERROR\] no route to host$"):
        folder_of("kafka", cache, Java(Path("java"), "17"), lambda _: None)

    assert list(cache.iterdir()) == []


def test_what_was_fetched_once_is_not_fetched_again(path_only: Path, tmp_path: Path) -> None:
    mvn = program(path_only, "mvn", "exit 0")
    java = Java(Path("java"), "17")
    said: list[str] = []
    first = folder_of("kafka", tmp_path / "cache", java, said.append)
    mvn.unlink()

    assert folder_of("kafka", tmp_path / "cache", java, said.append) == first
    assert len(said) == 1


def test_another_java_version_gets_a_folder_of_its_own(path_only: Path, tmp_path: Path) -> None:
    program(path_only, "mvn", "exit 0")
    folders = {folder_of("kafka", tmp_path, Java(Path("java"), version), lambda _: None) for version in ("17", "21")}
    assert len(folders) == 2


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    addresses = {"KAFKA_BOOTSTRAP": "", "MONGODB_URI": ""}
    command = [sys.executable, "-m", "real_servers", *arguments]
    return subprocess.run(
        command,
        env=environment_with(**(addresses | environment)),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_command_fails_with_one_line_where_there_is_no_java(tmp_path: Path) -> None:
    done = run("run", "--", sys.executable, "-c", "print('ran')", PATH=str(tmp_path))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("real_servers: error: `java` was not found on the PATH")
    assert done.stderr.count("\n") == 1


def test_given_servers_are_used_and_their_credentials_not_printed(tmp_path: Path) -> None:
    show = "import os; print(os.environ['KAFKA_BOOTSTRAP'], os.environ['MONGODB_URI'])"
    given = {"KAFKA_BOOTSTRAP": "k.example:9092", "MONGODB_URI": "mongodb://user:hidden@m.example/"}
    done = run("run", "--", sys.executable, "-c", show, PATH=str(tmp_path), **given)
    assert done.returncode == 0
    assert done.stdout.split() == list(given.values())
    assert "hidden" not in done.stderr


def test_the_exit_code_is_that_of_the_command(tmp_path: Path) -> None:
    given = {"KAFKA_BOOTSTRAP": "k.example:9092", "MONGODB_URI": "mongodb://m.example/", "PATH": str(tmp_path)}
    assert run("run", "--", sys.executable, "-c", "raise SystemExit(7)", **given).returncode == 7
    missing = run("run", "--", "no-such-program", **given)
    assert missing.returncode == 127
    assert "cannot run no-such-program" in missing.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_ends_its_command_and_says_nothing_of_itself(number: signal.Signals, code: int) -> None:
    slow = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    # A shell that runs this suite in the background lets its programs ignore interrupts; here they are the subject.
    heeding = "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); runpy.run_module('real_servers', run_name='__main__')"
    command = [sys.executable, "-c", heeding, "run", "--", sys.executable, "-c", slow]
    addresses = environment_with(KAFKA_BOOTSTRAP="k.example:9092", MONGODB_URI="mongodb://m.example/")
    with subprocess.Popen(command, env=addresses, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        assert started.stderr is not None
        child = int(started.stdout.readline())
        started.send_signal(number)
        assert started.wait(20) == code
        assert "Traceback" not in started.stderr.read()
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
