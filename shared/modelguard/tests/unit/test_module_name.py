"""Which module name a class carries: one that another process can import, and the first such."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from modelguard._module_name import importable

if TYPE_CHECKING:
    from shared.modelguard.tests.conftest import Project

MODEL = "class Model(Document):\n    name = StringField()\n"


def loaded_as(project: Project, name: str) -> ModuleType:
    """Run models.py under another name, as plugin loaders do, before anybody imported it."""
    blank = ModuleType("models")
    blank.__file__ = str(project.write("models.py", MODEL))
    return project.alias(blank, name)


@pytest.mark.parametrize(
    ("name", "file", "answer"),
    [
        ("models", "models.py", True),
        ("models", "other.py", False),
        ("pkg.models", "pkg/models.py", True),
        ("gone.models", "models.py", False),  # a finder asked without the package looks for the last part anywhere
        ("missing", "missing.py", False),
        ("__main__", "__main__.py", False),  # which another process has too, and of its own
        ("space", "space", False),
    ],
)
def test_what_another_process_could_import(guarded: Project, name: str, file: str, answer: bool) -> None:
    for path in ("models.py", "other.py", "__main__.py", "pkg/__init__.py", "pkg/models.py", "space/inside.py"):
        guarded.write(path, "")
    guarded.load("pkg")

    assert importable(name, str((guarded.root / file).resolve())) is answer


def test_a_name_that_can_be_imported_stays(guarded: Project) -> None:
    guarded.write("pkg/__init__.py", "")
    model: Any = guarded.module("pkg.models", MODEL).Model
    guarded.root_also(guarded.root / "pkg")

    assert guarded.load("models").Model is model
    assert model.__module__ == "pkg.models"


def test_a_name_that_cannot_be_imported_is_not_taken(guarded: Project) -> None:
    first = loaded_as(guarded, "first")
    model: Any = first.Model

    assert guarded.alias(first, "second").Model is model
    assert model.__module__ == "first"


def test_the_exceptions_of_a_class_take_its_name_too(guarded: Project) -> None:
    model: Any = loaded_as(guarded, "first").Model

    assert guarded.load("models").Model is model
    for error in (model.DoesNotExist, model.MultipleObjectsReturned):
        assert error.__module__ == "models"
