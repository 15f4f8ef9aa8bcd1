"""Errors say what, where and what to do; they are drawn as one hierarchy and survive pickling."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING

import pytest
from mongoengine.errors import NotRegistered

import modelguard
from modelguard import errors
from modelguard._explanations import EXPLANATIONS

if TYPE_CHECKING:
    from shared.modelguard.tests.conftest import Project

PROBLEM = modelguard.Problem(
    "missing-model", "User", "role", "refers to 'Rolle'", "did you mean 'Role'?", "models.py:7"
)
SAMPLES = [
    modelguard.ModelConflictError("two", model="User", first="a.py:1", second="b.py:2"),
    modelguard.ModelChangedError("edited", model="User", site="a.py:1", changes=["field name: added"]),
    modelguard.ModelNotRegisteredError("missing", model="User", near=["Users"]),
    modelguard.ModelCheckError([PROBLEM]),
    modelguard.UnsupportedError("elsewhere"),
    modelguard.DefinitionTimeoutError("waited"),
]


def test_the_drawing_shows_every_error() -> None:
    drawing = errors.__doc__ or ""

    for kind in modelguard.GuardError.__subclasses__():
        assert f"+-- {kind.__name__} " in drawing


def test_every_error_has_a_code_of_its_own_that_is_explained() -> None:
    codes = [type(error).code for error in SAMPLES]

    assert len(set(codes)) == len(codes)
    assert set(codes) <= set(EXPLANATIONS)


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_crosses_a_process_border_whole(error: modelguard.GuardError) -> None:
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301  # our own bytes
        assert type(twin) is type(error)
        assert str(twin) == str(error)
        assert vars(twin) == vars(error)


def test_a_missing_model_is_mongoengines_error_too() -> None:
    assert issubclass(modelguard.ModelNotRegisteredError, NotRegistered)


def test_a_failed_check_reads_well_in_a_log() -> None:
    error = modelguard.ModelCheckError([PROBLEM])

    assert str(error) == (
        "1 problem with the registered models:\n"
        "  User.role: refers to 'Rolle' [missing-model]\n"
        "    at models.py:7\n"
        "    did you mean 'Role'?"
    )
    assert str(modelguard.ModelCheckError([PROBLEM, PROBLEM])).startswith("2 problems with")


def test_a_conflict_names_both_places_modules_and_collections(guarded: Project) -> None:
    first = guarded.module("accounts", "\nclass User(Document):\n    name = StringField()\n")
    with pytest.raises(modelguard.ModelConflictError) as caught:
        guarded.module("billing", "class User(Document):\n    meta = {'collection': 'payers'}\n")

    error = caught.value
    assert (error.model, error.first, error.second) == (
        "User",
        f"{guarded.root}/accounts.py:3",
        f"{guarded.root}/billing.py:2",
    )
    for part in (error.first, error.second, "module accounts", "module billing", "'user'", "'payers'", "rename"):
        assert part in str(error)
    assert modelguard.require("User") is first.User


FAKE = "class Fake(Document):\n    name = StringField()\n"
MADE = "def make():\n    class Fake(Document):\n        size = IntField()\nmake()\n"


@pytest.mark.parametrize(("first", "second"), [(FAKE, MADE), (MADE, FAKE), (MADE, MADE)])
def test_a_conflict_in_a_function_points_to_isolation_and_to_no_import_of_what_is_local(
    guarded: Project, first: str, second: str
) -> None:
    guarded.module("first", first)
    with pytest.raises(modelguard.ModelConflictError) as caught:
        guarded.module("second", second)

    assert "fixture isolated_models" in str(caught.value)
    assert ("or import the first from first" in str(caught.value)) is (first == FAKE)


def test_a_conflict_of_two_modules_says_nothing_of_tests(guarded: Project) -> None:
    guarded.module("first", FAKE)
    with pytest.raises(modelguard.ModelConflictError) as caught:
        guarded.module("second", FAKE)

    assert "isolated" not in str(caught.value)


def test_an_edit_says_what_changed_and_how_to_go_on(guarded: Project) -> None:
    module = guarded.module(
        "models", "class User(Document):\n    name = StringField(max_length=5)\n    age = IntField()\n"
    )
    guarded.write("models.py", "class User(Document):\n    name = StringField(max_length=9)\n    born = DateField()\n")
    with pytest.raises(modelguard.ModelChangedError) as caught:
        guarded.reload(module)

    assert caught.value.changes == ("field name: max_length 5 -> 9", "field age: removed", "field born: added")
    assert caught.value.site == f"{guarded.root}/models.py:2"
    assert "Restart the process" in str(caught.value)
    assert "modelguard.unregister('User')" in str(caught.value)
