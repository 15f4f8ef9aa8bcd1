"""What `noxw` promises before nox takes over."""

import contextlib
import importlib.machinery
import importlib.util
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def noxw(tmp_path: Path) -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("noxw", str(ROOT / "noxw"))
    spec = importlib.util.spec_from_loader("noxw", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


def test_it_takes_uv_from_the_lock_with_its_version_and_hashes(noxw: ModuleType) -> None:
    lines = noxw.locked("uv").splitlines()

    assert lines[0].startswith("uv==")
    assert len(lines) > 1
    assert all(line.strip().startswith("--hash=sha256:") for line in lines[1:])


def test_a_package_that_is_not_locked_is_refused(noxw: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        noxw.locked("no-such-package")

    assert stopped.value.code == 2
    assert "has no no-such-package" in capsys.readouterr().err


def test_what_pip_knows_of_the_index_reaches_uv(noxw: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = "global.index-url='https://mirror.example/simple'\ninstall.cert='/ca.pem'\nglobal.timeout='60'\n"

    def pip_config(*args: object, **kwargs: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 0, stdout=listed)

    monkeypatch.setattr(noxw.subprocess, "run", pip_config)

    assert noxw.index_settings() == {"UV_DEFAULT_INDEX": "https://mirror.example/simple", "SSL_CERT_FILE": "/ca.pem"}


def test_an_old_python_is_refused_in_one_line(
    noxw: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(noxw, "OLDEST_PYTHON", (99, 0))

    assert noxw.main() == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_an_environment_from_another_lock_is_made_again(
    noxw: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stamp = tmp_path / "made-from"
    monkeypatch.setattr(noxw, "STAMP", stamp)
    monkeypatch.setattr(noxw, "PYTHON", Path(sys.executable))
    stamp.write_text(noxw.fingerprint(), encoding="utf-8")
    assert noxw.is_current()

    stamp.write_text(noxw.fingerprint() + "x", encoding="utf-8")

    assert not noxw.is_current()


def test_a_folder_that_cannot_be_written_is_said_in_one_line(
    noxw: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*args: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(noxw, "alone", contextlib.nullcontext)
    monkeypatch.setattr(noxw, "is_current", lambda: False)
    monkeypatch.setattr(noxw, "make", refuse)

    assert noxw.main() == 2
    assert "Permission denied" in capsys.readouterr().err


def test_an_interrupt_while_the_environment_is_made_ends_quietly(
    noxw: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(noxw, "alone", contextlib.nullcontext)
    monkeypatch.setattr(noxw, "is_current", lambda: False)
    monkeypatch.setattr(noxw, "make", interrupt)

    assert noxw.main() == 130


def test_only_one_run_at_a_time_makes_the_environment(
    noxw: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(noxw, "WAITING_ROOM", tmp_path / "lock")
    inside: list[str] = []
    entered = threading.Event()

    def second() -> None:
        entered.set()
        with noxw.alone():
            inside.append("second")

    thread = threading.Thread(target=second)
    with noxw.alone():
        thread.start()
        entered.wait(10)
        thread.join(0.2)  # long enough to get in, were the door open
        inside.append("first")
    thread.join(10)

    assert inside == ["first", "second"]


def test_nox_decides_the_exit_code(noxw: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = tmp_path / "nox.py"
    stand_in.write_text("import sys; sys.exit(7)")
    monkeypatch.setattr(noxw, "PYTHON", Path(sys.executable))

    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}  # noqa: TID251  the launcher hands its environment on

    assert noxw.nox(environment) == 7
