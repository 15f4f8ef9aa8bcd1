"""`modelguard check --adopting`: a project on plain bases hears what the guard would refuse, and nothing is changed."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import mongoengine
import pytest
from mongoengine.base.common import _document_registry

from modelguard.cli import main

if TYPE_CHECKING:
    from shared.modelguard.tests.conftest import Project

HEAD = "from mongoengine import *\n"


def test_a_plain_project_that_fits_together_is_clean(plain: Project, capsys: pytest.CaptureFixture[str]) -> None:
    plain.write("shop.py", "class Role(Document): pass\nclass User(Document):\n    role = ReferenceField('Role')\n")

    assert main(["check", "--adopting", "shop"]) == 0
    assert capsys.readouterr().out == "2 models, 2 not guarded yet, 0 problems\n"
    assert main(["check", "shop"]) == 1  # without the flag each of them is a problem


def test_a_second_definition_is_named_with_both_places(plain: Project, capsys: pytest.CaptureFixture[str]) -> None:
    plain.write("shop.py", "class User(Document):\n    name = StringField()\n")
    plain.write("market.py", "class User(Document):\n    email = StringField()\n")

    assert main(["check", "--adopting", "shop", "market"]) == 1
    out = capsys.readouterr().out
    assert f"User: was overwritten: {plain.root}/shop.py:2 defines it too" in out
    assert f"[overwritten-model]\n    at {plain.root}/market.py:2\n" in out
    assert out.endswith("1 model, 1 not guarded yet, 1 problem\n")


def test_a_replaced_class_that_nobody_holds_is_found_too(plain: Project, capsys: pytest.CaptureFixture[str]) -> None:
    plain.write("shop.py", "class User(Document): pass\ndel User\n")
    plain.write("market.py", "import gc\nclass User(Document): pass\nif gc.isenabled():\n    gc.collect()\n")

    assert main(["check", "--adopting", "shop", "market"]) == 1
    assert "[overwritten-model]" in capsys.readouterr().out


def test_three_definitions_are_two_problems(plain: Project, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two", "three"):
        plain.write(f"{name}.py", "class User(EmbeddedDocument): pass\n")

    assert main(["check", "--adopting", "one", "two", "three"]) == 1
    assert capsys.readouterr().out.count("[overwritten-model]") == 2


def test_what_dangles_is_reported_as_ever(plain: Project, capsys: pytest.CaptureFixture[str]) -> None:
    plain.write("shop.py", "class User(Document):\n    role = ListField(ReferenceField('Rolle'))\n")

    assert main(["check", "--adopting", "shop"]) == 1
    assert "User.role: refers to the model 'Rolle', which is not registered [missing-model]" in capsys.readouterr().out


def test_a_problem_of_a_plain_model_has_its_line(plain: Project, capsys: pytest.CaptureFixture[str]) -> None:
    plain.write(
        "base.py",
        "class Base(Document):\n    meta = {'abstract': True}\n    made_by = ReferenceField('Usre')\n",
    )
    plain.write(
        "shop.py",
        "from base import Base\nclass Role(Document):\n    meta = {'collection': 'user'}\n"
        "class User(Base):\n    name = StringField()\n    roles = ListField(\n        ReferenceField('Rolle'))\n",
    )

    assert main(["check", "--adopting", "shop"]) == 1
    places = [line.strip() for line in capsys.readouterr().out.splitlines() if line.startswith("    at ")]
    assert places[:2] == [f"at {plain.root}/base.py:4", f"at {plain.root}/shop.py:7"]
    assert set(places[2:]) <= {f"at {plain.root}/shop.py:{line}" for line in (3, 5)}
    assert len(places) == 3


def test_the_line_is_that_of_the_class_and_of_the_mixin_that_declares_the_field(
    plain: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    plain.write("mixins.py", "class Other:\n    owner = 1\nclass Owned:\n    owner = ReferenceField('Usre')\n")
    plain.write(
        "shop.py",
        "from mixins import Owned\nclass Role(Document):\n    boss = StringField()\n"
        "class Team(Owned, Document):\n    boss = ReferenceField('Bos')\n",
    )

    assert main(["check", "--adopting", "shop"]) == 1
    places = {line.strip() for line in capsys.readouterr().out.splitlines() if line.startswith("    at ")}
    assert places == {f"at {plain.root}/mixins.py:5", f"at {plain.root}/shop.py:6"}


def test_a_definition_that_ran_again_would_be_the_same_class(
    plain: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    plain.write("shop.py", "class User(Document):\n    name = StringField()\n")
    plain.write("again.py", "import importlib, shop\nimportlib.reload(shop)\n")

    assert main(["check", "--adopting", "again"]) == 0, capsys.readouterr().out


def test_a_factory_of_one_name_and_several_collections_would_be_refused(
    plain: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    plain.write(
        "shop.py",
        "def log(name):\n    class Log(Document):\n        meta = {'collection': name}\n    return Log\n"
        "LOGS = [log('a'), log('b')]\n",
    )

    assert main(["check", "--adopting", "shop"]) == 1
    out = capsys.readouterr().out
    assert "Log: was overwritten by another content of the same place (collection): the guard refuses that" in out
    assert f"[redefined-model]\n    at {plain.root}/shop.py:3\n" in out


def test_a_metaclass_that_cannot_stand_on_a_guarded_base(plain: Project, capsys: pytest.CaptureFixture[str]) -> None:
    plain.write(
        "shop.py",
        "class Own(type(Document)): pass\nclass User(Document, metaclass=Own):\n    meta = {'allow_inheritance': True}\n"
        "class Admin(User): pass\n",
    )

    assert main(["check", "--adopting", "shop"]) == 1
    out = capsys.readouterr().out
    assert "User: has the metaclass shop.Own, which a guarded base does not go with" in out
    assert out.count("[custom-metaclass]") == 1  # not of each class that inherits it


def test_nothing_is_changed(plain: Project) -> None:
    bases = {name: getattr(mongoengine, name) for name in ("Document", "EmbeddedDocument")}
    kinds = [vars(kind).copy() for kind in (type(mongoengine.Document), mongoengine.Document)]
    plain.write("shop.py", "class User(Document): pass\n")
    plain.write("market.py", "class User(Document): pass\n")
    gc.enable()

    main(["check", "--adopting", "shop", "market"])
    assert {name: getattr(mongoengine, name) for name in bases} == bases
    assert [vars(kind).copy() for kind in (type(mongoengine.Document), mongoengine.Document)] == kinds
    assert _document_registry["User"].__module__ == "market"  # the last one won, as without the guard
    assert gc.isenabled()


EDITED = {
    "an option": ("StringField()", "StringField(max_length=3)", "field said"),
    "a default": ("IntField(default=1)", "IntField(default=2)", "field said"),
    "a target": ("ReferenceField('User')", "ReferenceField('Role')", "field said"),
    "a target in a list": ("ListField(ReferenceField('User'))", "ListField(ReferenceField('Role'))", "field said"),
    "the field of a list": ("ListField(StringField())", "ListField(IntField())", "field said"),
    "a method": ("StringField()\n    def f(self): return 1", "StringField()\n    def f(self): return 2", "method f"),
}
KEPT = {
    "itself by name": ("ReferenceField('User')", "ReferenceField('self')"),
    "a comment": ("StringField()", "StringField()  # why"),
    "moved lines": ("StringField()\n    def f(self): return 1", "StringField()\n\n\n    def f(self): return 1"),
}


@pytest.mark.parametrize("name", [*EDITED, *KEPT])
def test_a_file_that_ran_again_with_other_content_is_found(
    plain: Project, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    before, after, *changed = {**EDITED, **KEPT}[name]
    shop = plain.write("shop.py", f"class Role(Document): pass\nclass User(Document):\n    said = {before}\n")
    text = shop.read_text(encoding="utf-8").replace(before, after)
    plain.write(
        "market.py",
        f"import importlib, pathlib, sys, shop\nshop.User.said, list(shop.User._fields)\nsys.dont_write_bytecode = True\n"
        f"pathlib.Path({str(shop)!r}).write_text({text!r})\nimportlib.reload(shop)\n",
    )

    assert main(["check", "--adopting", "market"]) == (name in EDITED)
    out = capsys.readouterr().out
    assert ("[redefined-model]" in out) == (name in EDITED)
    assert all(f"the same place ({each}): " in out for each in changed)
