"""Imports that fail and are tried again, as servers and workers do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from modelguard import ModelNotRegisteredError, check, require, stats

if TYPE_CHECKING:
    from shared.modelguard.tests.conftest import Project

TROUBLE = "\nimport trouble\ntrouble.raise_if_told()\n"
TELL = "told = True\ndef raise_if_told():\n    if told:\n        raise OSError('not yet')\n"
WHOLE = """
class User(Document):
    name = StringField()
class Team(Document):
    owner = ReferenceField(User, reverse_delete_rule=CASCADE)
    lead = CachedReferenceField(User, fields=["name"])
"""
BROKEN = "class Late(Document):\n    save = StringField()\n"


def test_a_retried_import_gives_the_class_of_the_failed_one(guarded: Project, source: str) -> None:
    trouble: Any = guarded.module("trouble", TELL)
    guarded.write("models.py", source + TROUBLE)
    for _ in range(3):
        with pytest.raises(OSError, match="not yet"):
            guarded.load("models")
    defined = stats().defined

    trouble.told = False
    model = guarded.load("models").Model

    assert stats().defined == defined, "the first, failed import made the classes"
    assert guarded.reload(guarded.load("models")).Model is model


def test_a_module_that_fails_at_its_last_model_keeps_the_others_whole(guarded: Project) -> None:
    guarded.write("models.py", WHOLE + BROKEN)
    for _ in range(2):
        with pytest.raises(Exception, match="save"):
            guarded.load("models")
    guarded.write("models.py", WHOLE)

    module = guarded.load("models")

    assert require("Team") is module.Team
    assert list(module.User._meta["delete_rules"]) == [(module.Team, "owner")]
    assert module.User._cached_reference_fields == [module.Team.lead]
    with pytest.raises(ModelNotRegisteredError):
        require("Late")
    check()


def test_the_failed_model_may_be_mended_and_defined(guarded: Project) -> None:
    guarded.write("models.py", WHOLE + BROKEN)
    with pytest.raises(Exception, match="save"):
        guarded.load("models")
    guarded.write("models.py", WHOLE + BROKEN.replace("save", "saved"))

    module = guarded.load("models")

    assert require("Late") is module.Late
    assert stats().rolled_back == 1
