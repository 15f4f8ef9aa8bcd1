"""Definitions wait for each other, but not for ever, and an interrupt leaves none half entered."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from modelguard import DefinitionTimeoutError, GuardError, _lock, models, require, stats
from modelguard._table import TABLE

if TYPE_CHECKING:
    from shared.modelguard.tests.conftest import Project

HOOK = """
import ready
class Hooked:
    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        ready.inside.set()
        ready.importing.wait(20)
        import second
class First(Hooked, Document): pass
"""
SECOND = """
import ready
ready.importing.set()
ready.inside.wait(20)
class Second(Document): pass
"""


def test_a_hook_that_imports_what_another_thread_imports_does_not_hang(
    guarded: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_lock, "PATIENCE_SECONDS", 0.3)
    guarded.write("ready.py", "import threading\ninside, importing = threading.Event(), threading.Event()\n")
    guarded.write("first.py", HOOK)
    guarded.write("second.py", SECOND)
    errors: list[BaseException] = []

    def load(name: str) -> None:
        try:
            guarded.load(name)
        except GuardError as error:
            errors.append(error)

    guarded.load("ready")
    threads = [
        threading.Thread(target=load, args=(name,), name=f"loads-{name}", daemon=True) for name in ("first", "second")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert not any(thread.is_alive() for thread in threads)
    assert [type(error) for error in errors] == [DefinitionTimeoutError]
    assert "waited 0.3 s for the thread 'loads-first'" in str(errors[0])
    assert "First" in models


def test_the_lock_is_re_entrant(guarded: Project) -> None:
    guarded.module(
        "models",
        "class Maker:\n    def __init_subclass__(cls, **kwargs):\n        class Inner(EmbeddedDocument): pass\n"
        "class Outer(Maker, Document): pass\n",
    )

    assert sorted(models) == ["Inner", "Outer"]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_interrupt_as_the_class_is_entered_leaves_nothing(
    guarded: Project, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    text = "class Model(Document):\n    of = ReferenceField('Later', reverse_delete_rule=CASCADE)\n"
    add = type(TABLE).add

    def interrupted(table: Any, record: Any) -> None:
        if moment == "after":
            add(table, record)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(type(TABLE), "add", interrupted)
        with pytest.raises(KeyboardInterrupt):
            guarded.module("model", text)

    assert "Model" not in models
    assert TABLE.pending == []
    sys.modules.pop("model", None)
    assert guarded.load("model").Model is require("Model")
    assert stats().conflicts == 0
