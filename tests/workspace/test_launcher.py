"""What `noxw` promises before nox takes over."""

import importlib.machinery
import importlib.util
import subprocess
import sys
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
