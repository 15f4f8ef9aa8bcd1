"""An edited definition is an error that says what was edited; an edit that changes nothing is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modelguard import ModelChangedError, require, stats

if TYPE_CHECKING:
    from types import ModuleType

    from shared.modelguard.tests.conftest import Project

ORIGINAL = """
import enum
LIMIT = 10
class Colour(enum.Enum):
    RED = "red"
class Mixin:
    title = StringField()
    def greet(self): return "hello"
class Base(Document):
    base_field = IntField()
    meta = {"allow_inheritance": True}
class OtherBase(Document):
    meta = {"allow_inheritance": True}
def doubled(by):
    def decorate(function):
        def wrapper(self): return function(self) * by
        return wrapper
    return decorate
class Model(Mixin, Document):
    name = StringField(max_length=LIMIT)
    colour = EnumField(Colour)
    parts = ListField(IntField(min_value=1))
    score = IntField(default=lambda: 7)
    meta = {"collection": "models", "indexes": ["name"]}
    def size(self, unit="cm"): return len(self.name)
    @classmethod
    def make(cls): return cls(name="made")
    @property
    def short(self): return self.name[:3]
    @doubled(2)
    def twice(self): return self.score
    def deep(self): return [(lambda: 1)() for _ in range(3)]
"""
EDITS = {
    "field option": ("StringField(max_length=LIMIT)", "StringField(max_length=LIMIT, required=True)", "name"),
    "field added": ("    score = ", "    extra = IntField()\n    score = ", "extra"),
    "field removed": ("    colour = EnumField(Colour)\n", "", "colour"),
    "field type": ("score = IntField", "score = LongField", "score"),
    "inner field": ("IntField(min_value=1)", "IntField(min_value=2)", "parts"),
    "default": ("lambda: 7", "lambda: 8", "score"),
    "collection": ('"models"', '"moved"', "collection"),
    "index": ('["name"]', '["name", "score"]', "indexes"),
    "meta key": ('"indexes": ["name"]', '"indexes": ["name"], "strict": False', "strict"),
    "method": ("return len(self.name)", "return len(self.name) + 1", "size"),
    "method added": ("    def deep", "    def more(self): return 1\n    def deep", "more"),
    "default argument": ('unit="cm"', 'unit="mm"', "size"),
    "classmethod": ('cls(name="made")', 'cls(name="other")', "make"),
    "property": ("self.name[:3]", "self.name[:4]", "short"),
    "closure of a decorator": ("@doubled(2)", "@doubled(3)", "twice"),
    "statement without a result": ("    score = ", "    len(__name__)\n    score = ", "body"),
    "nested code": ("lambda: 1", "lambda: 2", "deep"),
    "module constant": ("LIMIT = 10", "LIMIT = 11", "name"),
    "enum member": ('RED = "red"', 'RED = "red"\n    BLUE = "blue"', "colour"),
    "mixin field": ("title = StringField()", "title = StringField(required=True)", "title"),
    "mixin method": ('"hello"', '"bye"', "greet|Mixin"),
    "mixin gone": ("class Model(Mixin, Document)", "class Model(Document)", "bases|Mixin"),
    "kind": ("class Model(Mixin, Document)", "class Model(Mixin, DynamicDocument)", "bases|DynamicDocument"),
}
SAME = {
    "comment": ("class Model(", "# A model.\nclass Model("),
    "comment inside": ("    score = ", "    # points\n    score = "),
    "moved down": ("LIMIT = 10", "\n\n\nLIMIT = 10"),
    "moved constant": ("LIMIT = 10", "TEN = 10\nLIMIT = TEN"),
    "spelling": ('"hello"', "'hello'"),
    "wrapped": ("StringField(max_length=LIMIT)", "StringField(\n        max_length=LIMIT,\n    )"),
}


def edited(project: Project, old: str, new: str) -> ModuleType:
    module = project.module("models", ORIGINAL)
    assert old in ORIGINAL
    project.write("models.py", ORIGINAL.replace(old, new))
    return module


@pytest.mark.parametrize(("old", "new", "named"), EDITS.values(), ids=EDITS)
def test_an_edit_is_an_error_that_names_it(guarded: Project, old: str, new: str, named: str) -> None:
    module = edited(guarded, old, new)
    first = module.Model

    with pytest.raises(ModelChangedError, match=named) as caught:
        guarded.reload(module)

    text = str(caught.value)
    assert "Model" in text
    assert str(module.__file__) in text
    assert "unregister" in text
    assert require("Model") is first
    assert stats().changed == 1


@pytest.mark.parametrize(("old", "new", "named"), EDITS.values(), ids=EDITS)
def test_an_edit_is_seen_under_another_name_too(guarded: Project, old: str, new: str, named: str) -> None:
    module = edited(guarded, old, new)

    with pytest.raises(ModelChangedError, match=named):
        guarded.again(module)


@pytest.mark.parametrize(("old", "new"), SAME.values(), ids=SAME)
def test_text_that_means_the_same_is_the_same(guarded: Project, old: str, new: str) -> None:
    module = edited(guarded, old, new)
    first = module.Model

    assert guarded.reload(module).Model is first
    assert guarded.again(module).Model is first


def test_an_edit_taken_back_is_the_same_class(guarded: Project) -> None:
    module = edited(guarded, "LIMIT = 10", "LIMIT = 11")
    first = module.Model
    with pytest.raises(ModelChangedError):
        guarded.reload(module)
    guarded.write("models.py", ORIGINAL)

    assert guarded.reload(module).Model is first


def test_another_base_is_an_error_though_the_name_changes_with_it(guarded: Project) -> None:
    """`Base.Child` and `OtherBase.Child` are two registry names of one place."""
    child = "class Child(Base):\n    pass\n"
    module = guarded.module("models", f"{ORIGINAL}{child}")
    guarded.write("models.py", f"{ORIGINAL}{child.replace('Base', 'OtherBase')}")

    with pytest.raises(ModelChangedError, match="Child"):
        guarded.reload(module)


def test_an_abstract_base_made_concrete_is_an_error(guarded: Project) -> None:
    """Its child's registry name grows a prefix: still the same place."""
    source = (
        'class Root(Document):\n    meta = {"abstract": True, "allow_inheritance": True}\nclass Leaf(Root):\n    pass\n'
    )
    module = guarded.module("models", source)
    guarded.write("models.py", source.replace('"abstract": True, ', ""))

    with pytest.raises(ModelChangedError, match="Root"):
        guarded.reload(module)


def test_an_edited_plain_base_of_another_file_is_an_error(guarded: Project) -> None:
    mixin = "class Greeter:\n    def greet(self): return 'hello'\n"
    mixins = guarded.module("mixins", mixin)
    module = guarded.module("models", "from mixins import Greeter\nclass Model(Greeter, Document):\n    pass\n")
    guarded.write("mixins.py", mixin.replace("hello", "bye"))
    guarded.reload(mixins)

    with pytest.raises(ModelChangedError):
        guarded.reload(module)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("required=True", "required=False", "name"),
        ("ListField(StringField())", "ListField(IntField())", "tags"),
        ("upper", "lower", "shout"),
        ("\n    def shout", "\n    added = 1\n    def shout", "added"),
    ],
    ids=["field option", "inner field", "method", "attribute"],
)
def test_every_kind_of_class_is_compared(guarded: Project, source: str, old: str, new: str, named: str) -> None:
    module = guarded.module("models", source)
    guarded.write("models.py", source.replace(old, new))

    with pytest.raises(ModelChangedError, match=named):
        guarded.reload(module)
    with pytest.raises(ModelChangedError, match=named):
        guarded.again(module)


@pytest.mark.parametrize(
    ("old", "new"),
    [("    def", "    # loud\n    def"), ("class Model", "\n\n# moved\nclass Model")],
    ids=["comment", "moved"],
)
def test_every_kind_of_class_may_move(guarded: Project, source: str, old: str, new: str) -> None:
    module = guarded.module("models", source)
    first = module.Model
    guarded.write("models.py", source.replace(old, new))

    assert guarded.reload(module).Model is first
    assert guarded.again(module).Model is first
