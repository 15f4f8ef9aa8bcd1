"""Corners in which a guard of this kind goes wrong."""

from __future__ import annotations

import gc
import pickle
import weakref
import zipfile
from typing import TYPE_CHECKING, Any

import mongoengine
import pytest
from mongoengine import StringField
from mongoengine.base.common import _document_registry

import modelguard
from modelguard import (
    GuardError,
    ModelChangedError,
    ModelCheckError,
    ModelConflictError,
    ModelNotRegisteredError,
    check,
    isolated,
    models,
    problems,
    require,
    stats,
    unregister,
)

if TYPE_CHECKING:
    from shared.modelguard.tests.conftest import Project

MODEL = "class Model(Document):\n    name = StringField()\n"
CELL = "from mongoengine import *\nfrom modelguard import Document\n"


def run_cell(text: str, module: str = "__main__") -> Any:
    """Run text as a notebook or `python -c` does: its code has no file."""
    namespace: dict[str, Any] = {"__name__": module}
    exec(CELL + text, namespace)  # noqa: S102  # our own text
    return namespace["Model"]


def test_a_cell_that_runs_again_is_the_class_and_an_edited_one_an_error(guarded: Project) -> None:
    first = run_cell(MODEL)

    assert run_cell(f"\n\n{MODEL}") is first
    with pytest.raises(ModelChangedError, match="age"):
        run_cell(f"{MODEL}    age = IntField()\n")


def test_cells_of_two_modules_conflict(guarded: Project) -> None:
    run_cell(MODEL, "one")

    with pytest.raises(ModelConflictError):
        run_cell(MODEL, "two")


def test_models_in_a_zip_file_reload(guarded: Project) -> None:
    file = guarded.write("zipped.py", MODEL)
    with zipfile.ZipFile(guarded.root / "models.zip", "w") as archive:
        archive.write(file, "zipped.py")
    file.unlink()
    guarded.root_also(guarded.root / "models.zip")
    module = guarded.load("zipped")
    first = module.Model

    assert guarded.reload(module).Model is first


def test_a_class_in_a_class_is_its_own_place(guarded: Project) -> None:
    module = guarded.module("nested", "class Outer:\n    class Model(EmbeddedDocument):\n        size = IntField()\n")
    first = module.Outer.Model

    assert guarded.reload(module).Outer.Model is first
    guarded.write("nested.py", MODEL)
    with pytest.raises(GuardError):
        guarded.reload(module)


def test_a_metaclass_of_the_user_in_between_is_looked_through(guarded: Project) -> None:
    metas = (
        "class Meta(type(Document)):\n"
        "    def __new__(mcs, name, bases, attrs, **kw):\n        return super().__new__(mcs, name, bases, attrs)\n"
        "class Base(Document, metaclass=Meta):\n    meta = {'abstract': True}\n"
    )
    guarded.module("metas", metas)
    module = guarded.module("models", f"from metas import Base\n{MODEL.replace('Document', 'Base')}")
    first = module.Model

    assert guarded.again(module).Model is first
    guarded.write("other.py", f"from metas import Base\n{MODEL.replace('Document', 'Base')}")
    with pytest.raises(ModelConflictError):
        guarded.load("other")


def test_a_class_first_seen_under_an_alias_takes_the_importable_name(guarded: Project) -> None:
    file = guarded.write("shop/models.py", MODEL)
    stand_in = type(guarded.load("shop"))("stand_in")
    stand_in.__file__ = str(file)
    alias = guarded.alias(stand_in, "plugin_17", registered=False)

    module = guarded.load("shop.models")

    assert alias.Model is module.Model
    assert module.Model.__module__ == "shop.models"
    assert type(pickle.loads(pickle.dumps(module.Model(name="a")))) is module.Model  # noqa: S301  # our own bytes


def test_the_doors_are_read_only(guarded: Project) -> None:
    guarded.module("models", MODEL)

    with pytest.raises(TypeError):
        models["Other"] = object  # type: ignore[index]  # the point of the test
    with pytest.raises(AttributeError):
        stats().conflicts = 3  # type: ignore[misc]  # the point of the test


def test_an_unguarded_model_is_found_reported_and_not_overwritten(guarded: Project) -> None:
    class Model(mongoengine.Document):  # type: ignore[misc]  # ships no types
        name = StringField()

    assert require("Model") is models["Model"] is Model
    assert [(problem.model, problem.field) for problem in problems()] == [("Model", "")]
    with pytest.raises(ModelConflictError, match="Model"):
        guarded.module("models", MODEL)
    assert require("Model") is Model


def test_a_guarded_model_overwritten_by_an_unguarded_one_is_reported(guarded: Project) -> None:
    module = guarded.module("models", MODEL)
    first = module.Model

    class Model(mongoengine.Document):  # type: ignore[misc]  # ships no types
        name = StringField()

    assert require("Model") is Model
    with pytest.raises(ModelCheckError, match="Model"):
        check()
    with pytest.raises(GuardError):
        guarded.reload(module)
    assert module.Model is first


def test_looking_changes_nothing(guarded: Project) -> None:
    """A check that resolved a name for good would hide the next mistake."""
    owners = guarded.module(
        "owners",
        "class Owner(Document):\n    a = ReferenceField('Base.Late')\n"
        "    b = ListField(ReferenceField('Late', reverse_delete_rule=DENY))\n",
    )
    guarded.module("late", "class Base(Document):\n    meta={'allow_inheritance': True}\nclass Late(Base):\n    pass\n")

    assert problems() == problems()
    assert owners.Owner.a.document_type_obj == "Base.Late"
    assert owners.Owner.b.field.document_type_obj == "Late"


def test_a_reference_to_a_dropped_class_is_reported(guarded: Project) -> None:
    guarded.module("models", MODEL)
    guarded.module("owners", "from models import Model\nclass Owner(Document):\n    model = ReferenceField(Model)\n")
    unregister("Model")

    assert ("Owner", "model") in {(problem.model, problem.field) for problem in problems()}


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit, RuntimeError])
def test_an_interrupted_definition_leaves_nothing(guarded: Project, interruption: type[BaseException]) -> None:
    module: Any = guarded.module(
        "parents",
        "class Parent(Document):\n    meta = {'allow_inheritance': True}\n"
        "    def __init_subclass__(cls):\n        raise ERROR\n",
    )
    module.ERROR = interruption

    with pytest.raises(interruption):
        guarded.module("children", "from parents import Parent\nclass Child(Parent):\n    pass\n")

    assert "Parent.Child" not in models
    assert module.Parent._subclasses == ("Parent",)


@pytest.mark.parametrize("source", ["class Model(Document):\n    pass\n", "class Model(EmbeddedDocument):\n    pass\n"])
def test_dropped_classes_are_collected(guarded: Project, source: str) -> None:
    module = guarded.module("models", source)
    born = weakref.ref(module.Model)
    unregister("Model")
    del module.Model

    gc.collect()

    assert born() is None


def test_classes_of_isolated_blocks_are_collected(guarded: Project) -> None:
    """The suite of a large project defines thousands: none may stay behind in a base, a rule or a receiver."""
    guarded.module("base", "class Base(Document):\n    meta = {'allow_inheritance': True}\n")
    guarded.write(
        "fakes.py",
        "from base import Base\nclass Fake(Base):\n    pass\n"
        "class Owner(Document):\n    base = ReferenceField(Base, reverse_delete_rule=DENY)\n"
        "    cached = CachedReferenceField(Base)\n",
    )
    born = []
    for _ in range(5):
        with isolated():
            module = guarded.load("fakes")
            born += [weakref.ref(module.Fake), weakref.ref(module.Owner)]
            guarded.forget("fakes")
            del module
    gc.collect()

    assert [model for ref in born if (model := ref()) is not None] == []


def test_errors_travel_between_processes(guarded: Project) -> None:
    guarded.module("models", MODEL)
    raised: list[GuardError] = []
    guarded.write("other.py", MODEL)
    for act in (lambda: guarded.load("other"), lambda: require("Modal"), lambda: unregister("Modal")):
        with pytest.raises(GuardError) as caught:
            act()
        raised.append(caught.value)

    for error in raised:
        after = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes
        assert (type(after), str(after), vars(after)) == (type(error), str(error), vars(error))


def test_a_missing_model_is_also_mongoengines_error_and_offers_near_names(guarded: Project) -> None:
    guarded.module("models", MODEL)

    with pytest.raises(mongoengine.errors.NotRegistered, match="'Model'") as caught:
        require("Modle")

    assert isinstance(caught.value, ModelNotRegisteredError)
    assert caught.value.near == ("Model",)


def test_bases_of_every_kind_are_public() -> None:
    assert {"Document", "DynamicDocument", "EmbeddedDocument", "DynamicEmbeddedDocument"} < set(modelguard.__all__)
    assert all(hasattr(modelguard, name) for name in modelguard.__all__)


def test_a_registry_cleared_by_hand_lets_models_be_defined_anew(guarded: Project) -> None:
    """Projects that empty mongoengine's dict between their tests do so without the guard knowing."""
    guarded.module("other", "class Other(Document):\n    to = ReferenceField('Model', reverse_delete_rule=DENY)\n")
    module = guarded.module("models", MODEL)
    del _document_registry["Model"]

    guarded.reload(module)

    assert require("Model") is module.Model
