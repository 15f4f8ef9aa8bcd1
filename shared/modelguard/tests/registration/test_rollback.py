"""A definition that fails, an isolated block, a dropped name: everything is as it was before."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from mongoengine import InvalidDocumentError, NotRegistered, signals
from mongoengine.base import get_document
from mongoengine.base.common import _document_registry

from modelguard import ModelNotRegisteredError, check, isolated, models, problems, require, stats, unregister

if TYPE_CHECKING:
    from types import ModuleType

    from shared.modelguard.tests.conftest import Project

NEIGHBOURS = """
class User(Document):
    name = StringField()
    meta = {"allow_inheritance": True}
class Named:
    title = StringField()
    parent = ReferenceField("self")
class Holder(Document):
    user = ReferenceField("User")
    other = ReferenceField("Late", reverse_delete_rule=NULLIFY)
"""
# Touches everything a definition can touch, and fails at its last field.
FAILS = """
from neighbours import Named, User
class Late(Named, User):
    owner = ReferenceField(User, reverse_delete_rule=CASCADE)
    peers = ListField(ReferenceField(User, reverse_delete_rule=PULL))
    held = ReferenceField("Nobody", reverse_delete_rule=DENY)
    lead = CachedReferenceField(User, fields=["name"])
    save = StringField()
"""
WORKS = FAILS.replace("    save = StringField()\n", "")


def surroundings(neighbours: ModuleType) -> dict[str, Any]:
    """Everything a definition may change outside itself."""
    user, holder, named = neighbours.User, neighbours.Holder, neighbours.Named
    return {
        "registry": dict(_document_registry),
        "models": dict(models),
        "subclasses": (user._subclasses, user._types),
        "rules": dict(user._meta.get("delete_rules") or {}),
        "cached": list(user._cached_reference_fields),
        "receivers": [len(getattr(signals, name).receivers) for name in signals.__all__],
        "owners": [vars(named)[name].owner_document for name in ("title", "parent")],
        "resolved": holder.user.document_type_obj,
        "problems": problems(),
    }


def test_a_failed_definition_leaves_its_surroundings_as_they_were(guarded: Project) -> None:
    neighbours = guarded.module("neighbours", NEIGHBOURS)
    before = surroundings(neighbours)

    with pytest.raises(InvalidDocumentError):
        guarded.module("late", FAILS)

    assert surroundings(neighbours) == before
    assert stats().rolled_back == 1


def test_a_failed_user_of_a_shared_field_takes_its_entry_back(guarded: Project) -> None:
    """The field belongs to the first class that used it, and is entered at its target once per class."""
    module = guarded.module(
        "mixins",
        "class Target(Document):\n    name = StringField()\n"
        "class Mixin:\n    target = CachedReferenceField(Target, fields=['name'])\n"
        "class First(Mixin, Document):\n    pass\n",
    )
    before = list(module.Target._cached_reference_fields)

    with pytest.raises(InvalidDocumentError):
        guarded.module("second", "from mixins import Mixin\nclass Second(Mixin, Document):\n    save = StringField()\n")

    assert module.Target._cached_reference_fields == before


def test_a_rule_dict_somebody_holds_is_the_one_restored(guarded: Project) -> None:
    """mongoengine hands the dict itself around: queries read it, so it must not be swapped."""
    neighbours = guarded.module("neighbours", NEIGHBOURS)
    guarded.module("team", "class Team(Document):\n    u = ReferenceField('User', reverse_delete_rule=CASCADE)\n")
    rules = neighbours.User._meta["delete_rules"]

    with pytest.raises(InvalidDocumentError):
        guarded.module("late", FAILS)

    assert neighbours.User._meta["delete_rules"] is rules
    assert list(rules.values()) == [2], "CASCADE"


def test_an_isolated_block_leaves_its_surroundings_as_they_were(guarded: Project) -> None:
    neighbours = guarded.module("neighbours", NEIGHBOURS)
    before, counted = surroundings(neighbours), stats()

    with isolated():
        late = guarded.module("late", WORKS)
        assert require("User.Late") is late.Late
        assert neighbours.Holder.user.document_type is neighbours.User

    assert surroundings(neighbours) == before
    assert stats() == counted
    with pytest.raises(ModelNotRegisteredError):
        require("User.Late")


def test_an_isolated_block_that_raises_restores_too(guarded: Project) -> None:
    neighbours = guarded.module("neighbours", NEIGHBOURS)
    before = surroundings(neighbours)

    def define_and_fail() -> None:
        with isolated():
            guarded.module("late", WORKS)
            raise KeyError

    with pytest.raises(KeyError):
        define_and_fail()

    assert surroundings(neighbours) == before


def test_isolated_blocks_nest_and_free_their_names(guarded: Project) -> None:
    text = "class Fake(Document):\n    {} = StringField()\n"

    with isolated():
        outer = guarded.module("outer", text.format("a"))
        with isolated():
            unregister("Fake")
            inner = guarded.module("inner", text.format("b"))
            assert require("Fake") is inner.Fake
        assert require("Fake") is outer.Fake

    assert "Fake" not in models
    guarded.module("after", text.format("c"))


def test_a_name_dropped_may_be_defined_anew(guarded: Project) -> None:
    neighbours = guarded.module("neighbours", NEIGHBOURS)
    before = surroundings(neighbours)
    guarded.module("late", WORKS)

    unregister("User.Late")

    assert surroundings(neighbours) == before
    with pytest.raises(NotRegistered):
        get_document("User.Late")
    again = guarded.module("later", WORKS.replace("peers", "friends"))
    assert require("User.Late") is again.Late


def test_names_are_dropped_by_pattern(guarded: Project) -> None:
    guarded.module("fakes", "".join(f"class Fake{n}(Document):\n    pass\n" for n in range(3)))
    guarded.module("real", "class Real(Document):\n    pass\n")

    unregister(re.compile("Fake[01]"))

    assert [name for name in ("Fake0", "Fake1", "Fake2", "Real") if name in models] == ["Fake2", "Real"]


def test_dropping_a_name_nobody_has_says_so(guarded: Project) -> None:
    guarded.module("real", "class Subject(Document):\n    pass\n")

    with pytest.raises(ModelNotRegisteredError, match="Subject"):
        unregister("Subjct")


def test_a_dropped_parent_may_be_defined_anew_with_its_children(guarded: Project) -> None:
    text = (
        "class Parent(Document):\n    meta = {'allow_inheritance': True}\n"
        "class Child(Parent):\n    save_ = StringField()\n"
    )
    first = guarded.module("family", text)

    unregister(re.compile(r"Parent(\..*)?"))
    second = guarded.reload(first)

    assert second.Parent._subclasses == ("Parent", "Parent.Child")
    assert second.Parent._subclasses == models["Parent"]._subclasses
    check()


def test_a_dropped_edit_is_how_a_notebook_goes_on(guarded: Project) -> None:
    module = guarded.module("cells", "class Cell(Document):\n    a = IntField()\n")
    guarded.write("cells.py", "class Cell(Document):\n    b = IntField()\n")

    unregister("Cell")

    assert "b" in guarded.reload(module).Cell._fields


def test_a_rule_that_waited_and_came_back_is_dropped_with_its_owner(guarded: Project) -> None:
    guarded.module("owners", "class Owner(Document):\n    t = ReferenceField('Target', reverse_delete_rule=DENY)\n")
    unregister("Owner")

    targets = guarded.module("targets", "class Target(Document):\n    pass\n")

    assert not targets.Target._meta.get("delete_rules")
    check()
