"""What every server can do, shown with a small program in its place."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from real_servers import Server, ServerFailed
from real_servers import server as server_module
from real_servers.server import Recipe


def answers(server: Server) -> bool:
    return server._recipe.answers()


def gone(pid: int) -> bool:
    """No such process, or one that only waits to be collected."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return not state.strip() or state.startswith("Z")


def test_a_started_server_answers(echo: Server) -> None:
    assert echo.running
    assert answers(echo)


def test_a_killed_server_is_gone_and_starts_again_at_the_same_address(echo: Server) -> None:
    address, first = echo.address, echo.pid

    echo.kill()

    assert not echo.running
    assert gone(first)
    echo.start()
    assert echo.address == address
    assert echo.pid != first
    assert answers(echo)


def test_a_frozen_server_keeps_its_port_and_answers_only_after_the_thaw(echo: Server) -> None:
    echo.freeze()
    assert echo.running
    assert not answers(echo)

    echo.thaw()
    assert answers(echo)


def test_a_frozen_server_is_stopped_gracefully(echo: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "STOP_SECONDS", 3.0)
    echo.freeze()
    began = time.monotonic()

    echo.stop()

    assert not echo.running
    assert time.monotonic() - began < server_module.STOP_SECONDS


def test_stopping_twice_and_killing_a_stopped_server_do_nothing(echo: Server) -> None:
    echo.stop()
    echo.stop()
    echo.kill()
    assert not echo.running


def test_freezing_a_stopped_server_is_an_error_that_names_its_log(echo: Server) -> None:
    echo.stop()
    with pytest.raises(ServerFailed, match=r"echo is not running; its log: .*echo\.log"):
        echo.freeze()


def test_a_running_server_is_not_started_a_second_time(echo: Server) -> None:
    first = echo.pid
    with pytest.raises(ServerFailed, match="echo is running already"):
        echo.start()
    assert echo.pid == first


def test_a_restarted_server_is_another_process(echo: Server) -> None:
    first = echo.pid
    assert echo.restart().pid != first


def test_a_server_that_ignores_sigterm_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "STOP_SECONDS", 0.2)
    marker = tmp_path / "deaf"
    deaf = f"import pathlib, signal, time; signal.signal(15, signal.SIG_IGN); pathlib.Path({str(marker)!r}).touch(); time.sleep(60)"
    server = Server(Recipe("deaf", "nowhere", (sys.executable, "-c", deaf), marker.exists, tmp_path)).start()
    pid = server.pid

    server.stop()

    assert gone(pid)


def test_a_server_that_ends_while_starting_is_reported_at_once_with_its_log(tmp_path: Path) -> None:
    command = (sys.executable, "-c", "import sys; sys.exit('no room left')")
    with pytest.raises(ServerFailed, match="broken ended while starting") as caught:
        Server(Recipe("broken", "nowhere", command, lambda: False, tmp_path)).start()
    assert "no room left" in caught.value.log.read_text()


def test_a_server_that_never_answers_is_killed_and_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "START_SECONDS", 0.2)
    server = Server(
        Recipe("mute", "nowhere", (sys.executable, "-c", "import time; time.sleep(60)"), lambda: False, tmp_path)
    )
    with pytest.raises(ServerFailed, match="mute did not answer within 0 s"):
        server.start()
    assert not server.running


def test_leaving_the_context_removes_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    with Server(Recipe("idle", "nowhere", (sys.executable, "-c", "input()"), lambda: True, folder)) as server:
        assert server.log.exists()
    assert not folder.exists()


@pytest.mark.parametrize("frozen", [False, True])
def test_a_server_dies_with_the_process_that_started_it(tmp_path: Path, frozen: bool) -> None:
    parent = tmp_path / "parent.py"
    parent.write_text(
        textwrap.dedent(f"""
        import sys, time
        from pathlib import Path
        from real_servers.server import Recipe, Server
        idle = (sys.executable, "-c", "import time; time.sleep(60)")
        server = Server(Recipe("idle", "nowhere", idle, lambda: True, Path({str(tmp_path)!r}))).start()
        if {frozen}:
            server.freeze()
        print(server.pid, flush=True)
        time.sleep(60)
        """)
    )
    with subprocess.Popen([sys.executable, parent], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert not gone(pid)
        os.kill(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while not gone(pid):
        assert time.monotonic() < deadline, "the server outlived its parent"
        time.sleep(0.02)
