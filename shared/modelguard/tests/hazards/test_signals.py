"""Receivers that fall silent, and receivers that fire twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mongoengine import signals

if TYPE_CHECKING:
    from shared.modelguard.tests.conftest import Project

USER = "class User(Document):\n    name = StringField()\n"
HANDLED = """
CALLS = []
class User(Document):
    name = StringField()
def handler(sender, document, **_):
    CALLS.append(document)
signals.post_save.connect(handler, weak=False)
"""
TEAM = """
from users import User
class Team(Document):
    lead = CachedReferenceField(User, fields=["name"])
"""

pytestmark = pytest.mark.usefixtures("database")


def calls_after_redefinition(project: Project) -> int:
    users = project.module("users", USER)
    calls: list[object] = []

    def handler(_sender: object, document: object, **_: object) -> None:
        calls.append(document)

    signals.post_save.connect(handler, sender=users.User)
    project.again(users).User(name="ada").save()
    return len(calls)


@pytest.mark.hazard(16, "plain")
def test_plain_a_handler_of_the_old_class_falls_silent(plain: Project) -> None:
    assert calls_after_redefinition(plain) == 0


@pytest.mark.hazard(16, "gone")
def test_guarded_a_handler_of_the_class_hears_either_module(guarded: Project) -> None:
    assert calls_after_redefinition(guarded) == 1


def handlers_called_after_three_runs(project: Project) -> int:
    users = project.module("users", HANDLED)
    runs = [users, project.again(users), project.again(users)]
    users.User(name="ada").save()
    return sum(len(run.CALLS) for run in runs)


@pytest.mark.hazard(17, "plain")
def test_plain_a_module_that_connects_is_called_once_per_run(plain: Project) -> None:
    assert handlers_called_after_three_runs(plain) == 3


@pytest.mark.hazard(17, "lint")
def test_guarded_a_module_that_connects_is_still_called_once_per_run(guarded: Project) -> None:
    """Outside a class body nothing is guarded: model modules hold models only (MG12)."""
    assert handlers_called_after_three_runs(guarded) == 3


def test_guarded_a_handler_of_another_file_is_called_once(guarded: Project) -> None:
    """So MG12 lets it pass."""
    handlers = guarded.module(
        "handlers",
        "CALLS = []\nclass Watched:\n    @classmethod\n    def saved(cls, sender, **_): CALLS.append(cls)\n"
        "def saved(sender, **_): CALLS.append(sender)\n",
    )
    users = guarded.module(
        "users",
        f"from handlers import Watched, saved\nfrom mongoengine.signals import post_save\n{USER}\n"
        "post_save.connect(Watched.saved, sender=User)\npost_save.connect(saved, sender=User)\n",
    )
    guarded.reload(users)
    guarded.again(users)

    users.User(name="ada").save()
    assert sorted(handlers.CALLS, key=str) == sorted([handlers.Watched, users.User], key=str)


@pytest.mark.hazard(18, "plain")
def test_plain_each_redefinition_of_a_caching_owner_adds_a_listener(plain: Project) -> None:
    users = plain.module("users", USER)
    teams = plain.module("teams", TEAM)
    kept = [plain.again(teams), plain.again(teams)]

    assert len(signals.post_save.receivers) == 1 + len(kept)
    assert len(users.User._cached_reference_fields) == 1 + len(kept)


@pytest.mark.hazard(18, "gone")
def test_guarded_a_caching_owner_has_one_listener(guarded: Project) -> None:
    users = guarded.module("users", USER)
    teams = guarded.module("teams", TEAM)
    kept = [guarded.again(teams), guarded.again(teams)]

    assert all(again.Team is teams.Team for again in kept)
    assert len(signals.post_save.receivers) == 1
    assert users.User._cached_reference_fields == [teams.Team.lead]


@pytest.mark.hazard(18, "gone")
def test_guarded_the_listener_still_copies_the_cached_field(guarded: Project) -> None:
    users = guarded.module("users", USER)
    teams = guarded.module("teams", TEAM)
    lead = users.User(name="ada").save()
    team = teams.Team(lead=lead).save()
    guarded.again(teams)

    lead.name = "grace"
    lead.save()

    assert teams.Team._get_collection().find_one({"_id": team.pk})["lead"]["name"] == "grace"
