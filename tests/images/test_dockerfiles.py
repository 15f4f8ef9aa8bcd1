"""Every Dockerfile keeps to the dialect and the rules that docker, buildah and podman agree on."""

import io
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from dockerfile_parse import DockerfileParser

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILES = sorted(ROOT.glob("services/*/Dockerfile"))

Instructions = list[dict[str, Any]]


def stages(text: str) -> tuple[Instructions, list[Instructions]]:
    """What stands before the first FROM, and the instructions of each stage."""
    parsed = [
        one for one in DockerfileParser(fileobj=io.BytesIO(text.encode())).structure if one["instruction"] != "COMMENT"
    ]
    starts = [index for index, one in enumerate(parsed) if one["instruction"] == "FROM"]
    ends = [*starts[1:], len(parsed)]
    return parsed[: starts[0]], [parsed[start:end] for start, end in zip(starts, ends, strict=True)]


def values(stage: Instructions, instruction: str) -> list[str]:
    return [one["value"] for one in stage if one["instruction"] == instruction]


def workspace_libraries(member: Path) -> set[str]:
    """The folders of `shared/` that a member needs, directly or through another."""
    folders = {
        tomllib.loads(path.read_text())["project"]["name"]: path.parent for path in ROOT.glob("shared/*/pyproject.toml")
    }
    found: set[str] = set()
    waiting = [member]
    while waiting:
        project = tomllib.loads((waiting.pop() / "pyproject.toml").read_text())["project"]
        for requirement in project["dependencies"]:
            folder = folders.get(re.split(r"[\[<>=~! ]", requirement)[0])
            if folder is not None and folder.name not in found:
                found.add(folder.name)
                waiting.append(folder)
    return found


@pytest.fixture(params=DOCKERFILES, ids=lambda path: path.parent.name)
def path(request: pytest.FixtureRequest) -> Path:
    given: Path = request.param
    return given


@pytest.fixture
def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_there_is_something_to_check() -> None:
    assert DOCKERFILES


def test_only_what_all_three_builders_take_is_used(text: str) -> None:
    assert not re.search(r"^# *syntax=", text, re.MULTILINE)
    assert "<<" not in text
    assert "--link" not in text
    assert "COPY --from=ghcr" not in text


def test_the_base_image_is_pinned_and_can_be_a_mirrors(text: str) -> None:
    before, built = stages(text)
    assert [one["value"] for one in before] == ["PYTHON_IMAGE=python:3.12-slim-bookworm"]
    assert [values(stage, "FROM")[0].partition(" ")[0] for stage in built] == ["${PYTHON_IMAGE}"] * 2


def test_only_the_installed_environment_reaches_the_runtime_stage(text: str) -> None:
    _, (_, runtime) = stages(text)
    assert values(runtime, "COPY") == ["--from=build /app /app"]
    assert values(runtime, "RUN") == []
    assert values(runtime, "ADD") == []
    assert values(runtime, "ARG") == []


def test_secrets_of_the_build_are_optional_mounts(text: str) -> None:
    mounts = re.findall(r"--mount=type=secret\S*", text)
    assert {re.findall(r"id=(\w+)", mount)[0] for mount in mounts} == {"ca_bundle", "pip_conf", "uv_toml"}
    assert all(mount.endswith(",required=false") for mount in mounts)
    assert not re.search(r"^(ARG|ENV) .*(INDEX|TOKEN|PASSWORD)", text, re.MULTILINE)


def test_nothing_is_installed_that_the_lock_file_does_not_know(text: str) -> None:
    _, (build, _) = stages(text)
    pip, uv = values(build, "RUN")
    assert "--require-hashes" in pip
    assert "--constraint requirements.lock --build-constraint requirements.lock" in uv
    assert "--editable" not in uv
    assert "UV_PYTHON_DOWNLOADS=never" in values(build, "ENV")[0]


def test_exactly_the_libraries_that_the_member_needs_are_installed(path: Path, text: str) -> None:
    _, (build, _) = stages(text)
    installed = set(re.findall(r"\./shared/(\w+)", values(build, "RUN")[1]))
    assert installed == workspace_libraries(path.parent)
    assert f"./services/{path.parent.name}" in values(build, "RUN")[1]


def test_it_runs_as_a_numbered_user_other_than_root(text: str) -> None:
    _, (_, runtime) = stages(text)
    (user,) = values(runtime, "USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)


def test_its_health_is_asked_by_python_alone(text: str) -> None:
    _, (_, runtime) = stages(text)
    (check,) = values(runtime, "HEALTHCHECK")
    command = json.loads(check.partition("CMD ")[2])
    assert command[:2] == ["python", "-c"]
    assert "/livez" in command[2]
    compile(command[2], "health check", "exec")


def test_signals_reach_the_program(path: Path, text: str) -> None:
    _, (_, runtime) = stages(text)
    assert json.loads(values(runtime, "ENTRYPOINT")[0]) == ["python", "-m", path.parent.name]
    assert values(runtime, "STOPSIGNAL") == ["SIGTERM"]
