"""Promises about the workspace itself: each member is complete, locked, typed and under contract."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MEMBERS = sorted(
    path.parent
    for pattern in SETTINGS["tool"]["uv"]["workspace"]["members"]
    for path in ROOT.glob(f"{pattern}/pyproject.toml")
)


def packages() -> set[str]:
    return {path.parent.name for member in MEMBERS for path in member.glob("src/*/__init__.py")}


def declared(member: Path) -> set[str]:
    project = tomllib.loads((member / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"].get("optional-dependencies", {}).values()
    groups = project.get("dependency-groups", {}).values()
    wanted = [project["project"]["dependencies"], *extras, *groups]
    return {re.split(r"[\[>=<~!;\s]", text)[0] for texts in wanted for text in texts}


@pytest.mark.parametrize("member", MEMBERS, ids=lambda path: path.name)
def test_a_member_has_what_every_member_has(member: Path) -> None:
    package = next(member.glob("src/*"))

    assert (package / "py.typed").exists()
    assert (package / "__init__.py").read_text(encoding="utf-8").startswith('"""')
    assert len((member / "README.md").read_text(encoding="utf-8").splitlines()) > 5
    assert list(member.glob("tests/**/test_*.py"))


@pytest.mark.parametrize("member", [path for path in MEMBERS if path.parent.name == "services"], ids=lambda p: p.name)
def test_a_service_that_runs_has_an_image(member: Path) -> None:
    runs = next(member.glob("src/*")) / "__main__.py"

    assert (member / "Dockerfile").exists() == runs.exists()


@pytest.mark.parametrize("member", MEMBERS, ids=lambda path: path.name)
def test_every_declared_dependency_is_locked(member: Path) -> None:
    locked = set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE))
    own = {tomllib.loads((path / "pyproject.toml").read_text(encoding="utf-8"))["project"]["name"] for path in MEMBERS}

    assert declared(member) - own - locked == set()


def test_every_package_is_under_the_import_contracts_and_the_type_checker() -> None:
    assert set(SETTINGS["tool"]["importlinter"]["root_packages"]) == packages()
    assert {path.rpartition("/src")[0] for path in SETTINGS["tool"]["mypy"]["mypy_path"]} == {
        str(path.relative_to(ROOT)) for path in MEMBERS
    }
    assert set(SETTINGS["tool"]["ruff"]["lint"]["isort"]["known-first-party"]) == packages()


def test_the_lock_file_names_no_address() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")

    assert "://" not in lock
    assert "file:" not in lock
