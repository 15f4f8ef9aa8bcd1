"""A day of development: servers restart, modules reload, API modules import models, tests import them many times."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from modelguard import ModelChangedError, check, stats

if TYPE_CHECKING:
    from pathlib import Path

    from shared.modelguard.tests.conftest import Project

USER = "class User(Document):\n    name = StringField()\n"
TEAM = "from shop.models.user import User\nclass Team(Document):\n    lead = ReferenceField(User, reverse_delete_rule=DENY)\n"
INDEX = "from shop.models.team import Team\nfrom shop.models.user import User\n__all__ = ['Team', 'User']\n"
SERVER = "from shop.models import Team, User\nfrom modelguard import check, stats\ncheck()\nprint(stats().conflicts, sorted(User._fields))\n"
API = """
from shop.models import User
def handler():
    from shop.models.user import User as Inner
    import importlib
    return {User, Inner, importlib.import_module("shop.models").User}
"""
TEST = """
import importlib, sys
import pytest
from shop.models import Team, User

@pytest.mark.parametrize("times", range(3))
def test_models_again(times):
    for name in [name for name in sys.modules if name.startswith("shop.models")]:
        del sys.modules[name]
    assert importlib.import_module("shop.models").User is User
    assert importlib.import_module("models.user").User is User
    assert importlib.reload(sys.modules["shop.models.team"]).Team is Team

def test_a_fake(isolated_models):
    from modelguard import Document
    class Fake(Document):
        pass
"""


def shop(project: Project) -> Path:
    project.write("shop/models/user.py", USER)
    project.write("shop/models/team.py", TEAM)
    project.write("shop/models/__init__.py", INDEX)
    return project.root


def python(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # Plugins installed for other tests would cost seconds.
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # noqa: TID251  # a child inherits all of it
    return subprocess.run(
        [sys.executable, "-B", *arguments],
        cwd=root,
        env=environment,
        capture_output=True,
        check=False,
        timeout=110,  # below the limit of a test; seconds on a quiet machine
        text=True,
    )


def test_a_development_server_restarts(guarded: Project) -> None:
    """Reloaders that start a new process meet an edited model as a new one."""
    root = shop(guarded)
    guarded.write("server.py", SERVER)
    assert python(root, "server.py").stdout == "0 ['id', 'name']\n"

    guarded.write("shop/models/user.py", USER + "    email = StringField()\n")

    assert python(root, "server.py").stdout == "0 ['email', 'id', 'name']\n"


@pytest.mark.parametrize("order", [("user", "team"), ("team", "user")])
def test_hot_reload_in_one_process(guarded: Project, order: tuple[str, str]) -> None:
    shop(guarded)
    index = guarded.load("shop.models")
    user, team = index.User, index.Team

    for _ in range(3):
        for name in order:
            guarded.reload(guarded.load(f"shop.models.{name}"))
        guarded.reload(index)

    assert (index.User, index.Team) == (user, team)
    assert user._meta["delete_rules"] == {(team, "lead"): 3}
    assert stats().conflicts == stats().changed == 0
    check()


def test_hot_reload_of_an_edit_says_to_restart(guarded: Project) -> None:
    shop(guarded)
    guarded.load("shop.models")
    guarded.write("shop/models/user.py", USER + "    email = StringField()\n")

    with pytest.raises(ModelChangedError, match=r"(?s)email.*[Rr]estart"):
        guarded.reload(guarded.load("shop.models.user"))


def test_api_modules_import_models_safely(guarded: Project) -> None:
    shop(guarded)
    apis = [guarded.module(f"api_{name}", API) for name in "abc"]
    apis += [guarded.again(api) for api in apis]

    assert len({model for api in apis for model in api.handler()}) == 1
    assert stats().conflicts == 0


@pytest.mark.parametrize("mode", ["prepend", "importlib"])
def test_tests_import_models_many_times(guarded: Project, mode: str) -> None:
    """The same test files twice, in folders of one root, and under both roots that pytest may make of it."""
    root = shop(guarded)
    for folder in ("unit", "integration"):
        guarded.write(f"tests/{folder}/test_{folder}_models.py", TEST)
    (root / "pytest.ini").write_text("[pytest]\npythonpath = . shop\n", encoding="utf-8")
    options = ("-p", "no:cacheprovider", "-p", "modelguard.pytest_plugin", f"--import-mode={mode}", "-q")

    done = python(root, "-m", "pytest", *options, "tests")

    assert "8 passed" in done.stdout, done.stdout + done.stderr
