"""Any mix of defining, running again, editing, failing, dropping and isolating keeps one registry that tells the truth."""

from __future__ import annotations

import contextlib
import runpy
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from mongoengine import InvalidDocumentError
from mongoengine.base.common import _document_registry

from modelguard import (
    Document,
    ModelChangedError,
    ModelConflictError,
    isolated,
    models,
    require,
    stats,
    unregister,
)

RING = 3  # documents, each with a rule on the next
KIDS = 2  # children of Base, each with a rule on the first of the ring
RULES = {"NULLIFY": 1, "CASCADE": 2, "DENY": 3}
indexes = st.integers(0, RING + KIDS - 1)
variants = st.sampled_from(sorted(RULES))
routes = st.sampled_from(["models", "alias", "__main__"])
SOURCE = """
import sys
from mongoengine import *
from modelguard import Document, require
Base = require("Base")
class Model{index}({base}):
    other = ReferenceField("{target}", reverse_delete_rule={variant})
{flaw}"""
HOLDER = """
from mongoengine import *
from modelguard import Document, require
class Holder(Document):
    held = ReferenceField(require("Model0"))
"""


def lasting_base() -> Any:
    class Base(Document):
        meta = {"allow_inheritance": True}  # noqa: RUF012  # mongoengine's way

    return Base


class Registration(RuleBasedStateMachine):
    """Each model has a file, a variant on disk and, once defined, a variant in the registry."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = contextlib.ExitStack()
        self.folder = Path(tempfile.mkdtemp())
        self.stack.callback(shutil.rmtree, self.folder)
        self.seen: dict[str, tuple[Any, str]] = {}
        self.holder: tuple[Any, Any] | None = None  # a class, and the Model0 that it holds
        self.refused = 0
        self.edited = 0
        self.failed = 0

    @initialize()
    def start(self) -> None:
        self.stack.enter_context(isolated())
        self.base = lasting_base()
        self.block = self.stack.enter_context(contextlib.ExitStack())
        self.block.enter_context(isolated())
        self.before = stats()

    def teardown(self) -> None:
        self.block.close()
        assert self.base._subclasses == ("Base",), "every child is gone with its isolated block"
        self.stack.close()

    def run_file(self, index: int, variant: str, route: str, *, folder: str = "home", flaw: str = "") -> Any:
        file = self.folder / folder / f"model{index}.py"
        file.parent.mkdir(exist_ok=True)
        base = "Document" if index < RING else "Base"
        source = SOURCE.format(index=index, base=base, target=target_of(index), variant=variant, flaw=flaw)
        file.write_text(source, encoding="utf-8")
        return runpy.run_path(str(file), run_name=route)[f"Model{index}"]

    @rule(index=indexes, variant=variants, route=routes)
    def define(self, index: int, variant: str, route: str) -> None:
        """First time: a class. Again: the class. Edited: an error."""
        known = self.seen.get(name_of(index))
        if known is None:
            self.seen[name_of(index)] = (self.run_file(index, variant, route), variant)
        elif known[1] == variant:
            assert self.run_file(index, variant, route) is known[0]
        else:
            self.expect(ModelChangedError, index, variant, route)
            self.edited += 1

    def expect(self, error: type[Exception], index: int, variant: str, route: str, **options: str) -> None:
        try:
            self.run_file(index, variant, route, **options)
        except error:
            return
        raise AssertionError(f"no {error.__name__}")

    @precondition(lambda self: self.seen)
    @rule(data=st.data(), variant=variants, route=routes)
    def define_elsewhere(self, data: st.DataObject, variant: str, route: str) -> None:
        """A copy of the file in another folder is another definition, even of the same text."""
        index = int(data.draw(st.sampled_from(sorted(self.seen)))[-1])
        self.expect(ModelConflictError, index, variant, route, folder="away")
        self.refused += 1

    @rule(index=indexes, variant=variants, route=routes)
    def fail(self, index: int, variant: str, route: str) -> None:
        """A definition that raises at its last field; over a good one it is an edit first."""
        flaw = "    save = StringField()\n"
        if name_of(index) in self.seen:
            self.expect(ModelChangedError, index, variant, route, flaw=flaw)
            self.edited += 1
        else:
            self.expect(InvalidDocumentError, index, variant, route, flaw=flaw)
            self.failed += 1

    @precondition(lambda self: self.seen)
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.seen)))
        unregister(name)
        del self.seen[name]

    @precondition(lambda self: "Model0" in self.seen)
    @rule(route=routes)
    def hold(self, route: str) -> None:
        """A class that holds Model0 itself, not its name, is the same for as long as that one is registered."""
        current = self.seen["Model0"][0]
        if self.holder is None:
            self.holder = (self.run_holder(route), current)
        elif self.holder[1] is current:
            assert self.run_holder(route) is self.holder[0]
        else:
            self.expect_held_change(route)
            self.edited += 1

    def run_holder(self, route: str) -> Any:
        file = self.folder / "holder.py"
        file.write_text(HOLDER, encoding="utf-8")
        return runpy.run_path(str(file), run_name=route)["Holder"]

    def expect_held_change(self, route: str) -> None:
        try:
            self.run_holder(route)
        except ModelChangedError:
            return
        raise AssertionError("no ModelChangedError")

    @precondition(lambda self: self.holder)
    @rule()
    def drop_holder(self) -> None:
        unregister("Holder")
        self.holder = None

    @rule(index=indexes, variant=variants, route=routes)
    def isolate(self, index: int, variant: str, route: str) -> None:
        """Whatever a block does, the surroundings do not notice."""
        with isolated():
            if name_of(index) in self.seen:
                unregister(name_of(index))
            made = self.run_file(index, variant, route, folder="inside")
            assert require(name_of(index)) is made
            if index == 0 and self.holder is not None:
                self.expect_held_change(route)
            self.check_rules({**self.seen, name_of(index): (made, variant)})

    @invariant()
    def the_registry_is_what_was_defined(self) -> None:
        mine = {name: model for name, model in models.items() if "Model" in name}
        assert mine == {name: model for name, (model, _) in self.seen.items()}
        for name, (model, _) in self.seen.items():
            assert _document_registry[name] is require(name) is model
            assert "id" in model._fields

    @invariant()
    def a_holder_stays_what_it_was(self) -> None:
        if self.holder is not None:
            assert require("Holder") is self.holder[0]
            assert self.holder[0].held.document_type is self.holder[1]

    @invariant()
    def the_base_knows_its_children(self) -> None:
        kids = {name for name in self.seen if name.startswith("Base.")}
        assert set(self.base._subclasses) == set(self.base._types) == {"Base", *kids}

    @invariant()
    def rules_are_those_declared(self) -> None:
        self.check_rules(self.seen)

    def check_rules(self, defined: dict[str, tuple[Any, str]]) -> None:
        declared: dict[str, dict[Any, int]] = {name: {} for name in defined}
        for index in range(RING + KIDS):
            if name_of(index) in defined and target_of(index) in defined:
                owner, variant = defined[name_of(index)]
                declared[target_of(index)][owner, "other"] = RULES[variant]
        assert {name: model._meta.get("delete_rules") or {} for name, (model, _) in defined.items()} == declared

    @invariant()
    def the_counters_are_exact(self) -> None:
        now = stats()
        assert now.conflicts - self.before.conflicts == self.refused
        assert now.changed - self.before.changed == self.edited
        assert now.rolled_back - self.before.rolled_back == self.failed


def name_of(index: int) -> str:
    return f"Model{index}" if index < RING else f"Base.Model{index}"


def target_of(index: int) -> str:
    return name_of((index + 1) % RING) if index < RING else name_of(0)


Registration.TestCase.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestRegistration = Registration.TestCase
