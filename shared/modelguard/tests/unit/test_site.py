"""Where a definition stands: the statement that runs, whoever called it and however its file was reached."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

import pytest
from mongoengine import StringField

import modelguard
from modelguard import Document, ModelChangedError, ModelConflictError, isolated, require
from modelguard._metaclasses import GuardedTopLevelMetaclass
from modelguard._site import running_statement
from modelguard._table import TABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.modelguard.tests.conftest import Project


@pytest.fixture(autouse=True)
def own_models() -> Iterator[None]:
    with isolated():
        yield


def site_of(name: str) -> Any:
    return TABLE.records[name].site


def test_a_statement_is_known_by_file_and_qualified_name(guarded: Project) -> None:
    guarded.module(
        "models", "\n\n@staticmethod\nclass Outer:\n    class Model(Document): pass\n".replace("@staticmethod\n", "")
    )

    site = site_of("Model")
    assert (site.file, site.qualname) == (f"{guarded.root}/models.py", "Outer.Model")
    assert (site.line, site.module, str(site)) == (5, "models", f"{guarded.root}/models.py:5")


def test_a_decorated_statement_begins_at_its_decorator(guarded: Project) -> None:
    guarded.module("models", "def same(model): return model\n@same\nclass Model(Document): pass\n")

    assert site_of("Model").line == 3


def test_a_class_made_by_a_call_stands_where_the_call_stands() -> None:
    made = GuardedTopLevelMetaclass("Made", (Document,), {"name": StringField()})

    assert require("Made") is made
    assert site_of("Made").file == __file__
    assert site_of("Made").module == __name__


def test_a_class_made_by_a_call_is_compared_with_the_order_of_its_fields() -> None:
    def make(*names: str) -> Any:
        fields = {name: StringField() for name in names}
        return GuardedTopLevelMetaclass("Made", (Document,), {name: fields[name] for name in sorted(names)})

    assert make("a", "b") is make("a", "b")
    with pytest.raises(ModelChangedError, match="order of the fields"):
        make("b", "a")


def test_a_class_made_by_new_class_stands_where_the_call_stands() -> None:
    made = types.new_class("Made", (Document,), {}, lambda namespace: namespace.update(name=StringField()))

    assert require("Made") is made
    assert site_of("Made").file == __file__


def test_text_without_a_file_is_known_by_its_module() -> None:
    for module in ("cell_a", "cell_a"):
        exec("class Model(Document): pass", {"__name__": module, "Document": Document})  # noqa: S102  # as consoles do

    assert site_of("Model").file == "module cell_a"
    with pytest.raises(ModelConflictError, match="module cell_b"):
        exec("class Model(Document): pass", {"__name__": "cell_b", "Document": Document})  # noqa: S102  # as above


def test_text_without_a_module_name_is_taken_too() -> None:
    exec("class Model(Document): pass", {"Document": Document})  # noqa: S102  # as templates do

    assert site_of("Model").file == "module builtins"


def test_a_notebooks_file_that_does_not_exist_is_no_file() -> None:
    code = compile("class Model(Document): pass", "/nowhere/ipykernel_1/123.py", "exec")
    exec(code, {"__name__": "__main__", "Document": Document})  # noqa: S102  # as kernels do

    assert site_of("Model").file == "module __main__"


def test_compiled_code_whose_source_moved_keeps_its_file() -> None:
    code = compile("class Model(Document): pass", "/nowhere/models.py", "exec")
    exec(code, {"__name__": "models", "__file__": "/elsewhere/models.pyc", "Document": Document})  # noqa: S102  # as zip imports do

    assert site_of("Model").file == "/nowhere/models.py"


def test_the_later_of_two_statements_in_one_piece_of_code_is_the_one_that_runs() -> None:
    seen = []

    class Spy(type):
        def __new__(mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> Any:
            return helper(name, bases, namespace)

    def helper(name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> Any:
        def deeper() -> None:
            seen.append(running_statement(name, namespace))

        deeper()
        return type.__new__(Spy, name, bases, namespace)

    class Twin(metaclass=Spy):
        first = 1

    class Twin(metaclass=Spy):  # type: ignore[no-redef]  # noqa: F811  # two statements for one name
        second = 2

    assert [{"first", "second"} & set(statement.body.co_names) for statement in seen if statement.body] == [
        {"first"},
        {"second"},
    ]
    assert [len(statement.twins) for statement in seen] == [1, 1]


def test_the_bases_have_no_place_in_the_registry() -> None:
    assert not {"Document", "DynamicDocument", "EmbeddedDocument", "DynamicEmbeddedDocument"} & set(modelguard.models)
