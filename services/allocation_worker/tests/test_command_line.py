"""What the program says and ends with when it is called by hand or by a job."""

import socket
from datetime import timedelta
from importlib.metadata import version

import pytest

from allocation_worker.main import main


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@pytest.mark.parametrize("command", ["indexes", "topics"])
def test_a_deploy_step_gives_up_with_code_2(
    command: str, closed_port: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("lyceum_program.waiting.PATIENCE", timedelta(seconds=0.3))
    monkeypatch.setenv("MONGODB_URI", f"mongodb://127.0.0.1:{closed_port}")
    monkeypatch.setenv("MONGODB_SERVER_SELECTION_TIMEOUT_MS", "100")
    monkeypatch.setenv("KAFKA_BOOTSTRAP", f"127.0.0.1:{closed_port}")

    assert main([command]) == 2

    assert "gave up after 0 s: waits for " in capsys.readouterr().err


def test_the_program_says_which_one_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])

    assert (ended.value.code, capsys.readouterr().out) == (0, f"allocation-worker {version('allocation-worker')}\n")
