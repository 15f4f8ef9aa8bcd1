"""The image's own installation, without an engine: its COPY and RUN lines are carried out in a folder of their own."""

import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from dockerfile_parse import DockerfileParser

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
DOCKERFILES = sorted(ROOT.glob("services/*/Dockerfile"))


def left_out() -> list[str]:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    return [line.removeprefix("**/") for line in lines if line.startswith("**/")]


def context(sources: list[str], target: Path) -> None:
    """Copy what the Dockerfile copies, minus what .dockerignore leaves out."""
    for source in sources:
        (target / source).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, target / source, ignore=shutil.ignore_patterns(*left_out()))
        else:
            shutil.copy(ROOT / source, target / source)


def as_script(run: str, app: Path) -> str:
    """The shell line of a RUN, with the image's /app moved into a folder of the test."""
    return re.sub(r"--mount=\S+", "", run).replace("/app", str(app)).strip()


def build_environment() -> dict[str, str]:
    """This process's environment (a package mirror's address may be in it) with this environment's uv found first."""
    here = dict(os.environ)  # noqa: TID251 - what the build of an image inherits is the subject here
    here.pop("VIRTUAL_ENV", None)
    return here | {"UV_PYTHON_DOWNLOADS": "never", "PATH": f"{Path(sys.executable).parent}:{here['PATH']}"}


@pytest.fixture(scope="module", params=DOCKERFILES, ids=lambda path: path.parent.name)
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The name of the package, and the environment that its Dockerfile makes."""
    folder = tmp_path_factory.mktemp("image")
    parsed = DockerfileParser(fileobj=io.BytesIO(request.param.read_bytes())).structure
    copies = [one["value"].split() for one in parsed if one["instruction"] == "COPY"]
    context([copy[0] for copy in copies if not copy[0].startswith("--")], folder / "src")
    runs = [one["value"] for one in parsed if one["instruction"] == "RUN"]
    script = as_script(runs[1], folder / "app")
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder / "src", env=build_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return request.param.parent.name, folder / "app"


def test_everything_installed_is_in_the_lock_file(installed: tuple[str, Path]) -> None:
    _, app = installed
    command = [sys.executable, "-m", "uv", "pip", "freeze", "--python", str(app / "bin" / "python")]
    frozen = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")
    foreign = {line for line in frozen if "==" in line}
    assert foreign
    assert foreign <= set(re.findall(r"^[\w.-]+==[\w.]+", LOCK, re.MULTILINE))


def test_members_are_copied_not_linked_and_need_no_test_tools(installed: tuple[str, Path]) -> None:
    name, app = installed
    show = f"import importlib.util as u; print(u.find_spec({name!r}).origin); print(u.find_spec('pytest'), u.find_spec('mongomock'))"
    answer = subprocess.run(
        [app / "bin" / "python", "-c", show], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert answer[0].startswith(str(app))
    assert answer[1] == "None None"


def test_the_program_of_the_image_starts(installed: tuple[str, Path], tmp_path: Path) -> None:
    name, app = installed
    help_text = subprocess.run(
        [app / "bin" / "python", "-m", name, "--help"],
        cwd=tmp_path,
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert help_text.returncode == 0, help_text.stderr
    assert all(verb in help_text.stdout for verb in ("run", "indexes", "topics"))


def test_the_lock_file_gives_pip_one_verified_uv(tmp_path: Path) -> None:
    """The `sed` of the Dockerfiles cuts the entry of uv, all of its hashes and nothing else, out of the lock file."""
    (tmp_path / "requirements.lock").write_text(LOCK, encoding="utf-8")
    for path in DOCKERFILES:
        (cut,) = re.findall(r"sed -n '.*?' requirements.lock", path.read_text(encoding="utf-8"))
        entry = subprocess.run(["bash", "-c", cut], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        assert re.match(r"uv==[\d.]+ \\\n", entry)
        assert entry.count("==") == 1
        assert all("--hash=sha256:" in line for line in entry.splitlines()[1:])
        assert entry in LOCK
        assert not entry.rstrip().endswith("\\")
