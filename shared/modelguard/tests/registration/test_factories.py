"""Classes made by functions, by conditions and by calling the metaclass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from modelguard import GuardError, ModelChangedError, models, require

if TYPE_CHECKING:
    from shared.modelguard.tests.conftest import Project

COLLECTIONS = """
def make(collection):
    class Log(Document):
        text = StringField()
        meta = {"collection": collection}
    return Log
"""
LENGTHS = """
def make(length):
    class Log(Document):
        text = StringField(max_length=length)
    return Log
"""
BASES = """
class First(Document):
    meta = {"abstract": True}
class Second(Document):
    meta = {"abstract": True}
def make(base):
    class Log(base):
        text = StringField()
    return Log
"""
TWINS = """
import modes
if modes.wide:
    class Row(Document):
        a = IntField()
        b = IntField()
else:
    class Row(Document):
        a = IntField()
"""
CALLED = """
def make(name, /, **fields):
    return type(Document)(name, (Document,), {"__module__": __name__, **fields})
"""


@pytest.mark.parametrize("source", [COLLECTIONS, LENGTHS], ids=["collection", "field"])
def test_a_factory_called_with_other_values_does_not_collapse(guarded: Project, source: str) -> None:
    make = guarded.module("logs", source).make
    first_value, second_value = ("one", "two") if source is COLLECTIONS else (1, 2)
    first = make(first_value)

    with pytest.raises(GuardError):
        make(second_value)

    assert make(first_value) is first
    assert require("Log") is first


def test_a_factory_called_with_another_base_does_not_collapse(guarded: Project) -> None:
    module = guarded.module("logs", BASES)
    first = module.make(module.First)

    with pytest.raises(GuardError):
        module.make(module.Second)

    assert first.__bases__ == (module.First,)


def test_rows_of_a_refused_factory_never_land_in_the_first_collection(guarded: Project) -> None:
    make = guarded.module("logs", COLLECTIONS).make
    first = make("one")

    with pytest.raises(ModelChangedError, match=r"(?s)collection.*one.*two"):
        make("two")

    assert first._get_collection_name() == "one"


def test_twins_behind_a_condition_are_told_apart(guarded: Project) -> None:
    modes: Any = guarded.module("modes", "wide = True\n")
    rows = guarded.module("rows", TWINS)
    wide = rows.Row
    assert guarded.again(rows).Row is wide

    modes.wide = False
    with pytest.raises(GuardError, match=r"(?s)rows\.py:5.*rows\.py:9"):
        guarded.again(rows)

    assert require("Row") is wide


def test_twins_one_after_the_other_are_told_apart(guarded: Project) -> None:
    with pytest.raises(GuardError, match="Row"):
        guarded.module("rows", "class Row(Document):\n    a = IntField()\nclass Row(Document):\n    b = IntField()\n")


def test_a_class_called_into_being_is_compared_by_its_values(guarded: Project) -> None:
    from mongoengine import IntField, StringField

    make = guarded.module("made", CALLED).make
    first = make("Made", name=StringField())

    assert make("Made", name=StringField()) is first
    with pytest.raises(GuardError):
        make("Made", name=IntField())


def test_one_call_site_may_make_many_names(guarded: Project) -> None:
    make = guarded.module("made", CALLED).make

    made = [make("One"), make("Two")]

    assert [models[name] for name in ("One", "Two")] == made


def test_classes_inside_two_functions_of_one_name_conflict(guarded: Project) -> None:
    source = "def {0}():\n    class Local(Document):\n        pass\n    return Local\n"
    module = guarded.module("local", source.format("one") + source.format("two"))
    first = module.one()

    with pytest.raises(GuardError, match="Local"):
        module.two()

    assert module.one() is first


def test_every_kind_of_class_may_come_from_a_factory(guarded: Project, source: str) -> None:
    if "Parent" in source:
        base, _, rest = source.partition("class Model")
        source = f"class Model{rest}"
    else:
        base = ""
    body = "".join(f"    {line}\n" for line in source.replace("required=True", "max_length=length").splitlines())
    make = guarded.module("models", f"{base}def make(length):\n{body}    return Model\n").make
    first = make(1)

    assert make(1) is first
    with pytest.raises(ModelChangedError, match="max_length"):
        make(2)
