"""Sixteen threads that define at once get one class, and none waits for ever."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from modelguard import check, models, stats

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.modelguard.tests.conftest import Project

THREADS = 16


def at_once(act: Callable[[int], Any]) -> list[Any]:
    start = threading.Barrier(THREADS)

    def run(index: int) -> Any:
        start.wait(timeout=10)
        return act(index)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS), timeout=30))


@pytest.mark.parametrize("seen_before", [True, False])
def test_every_thread_gets_the_one_class(guarded: Project, source: str, seen_before: bool) -> None:
    file = guarded.write("models.py", source)
    module = guarded.load("models") if seen_before else ModuleType("models")
    module.__file__ = str(file)

    twins = at_once(lambda index: guarded.alias(module, f"alias_{index}"))

    assert len({twin.Model for twin in twins}) == 1
    assert stats().conflicts == stats().changed == 0
    check()


def test_the_count_is_exact(guarded: Project) -> None:
    module = guarded.module("models", "class Model(Document):\n    pass\n")
    before = stats()

    at_once(lambda index: guarded.alias(module, f"alias_{index}"))

    assert stats().reused - before.reused == THREADS
    assert stats().defined == before.defined


def test_a_name_contested_by_threads_has_one_winner(guarded: Project) -> None:
    for index in range(THREADS):
        guarded.write(f"contest_{index}.py", f"class Model(Document):\n    field_{index} = IntField()\n")

    def enter(index: int) -> Any:
        try:
            return guarded.load(f"contest_{index}").Model
        except Exception as error:  # noqa: BLE001  # what the losers raise is the subject
            return type(error).__name__

    results = at_once(enter)

    assert results.count("ModelConflictError") == THREADS - 1
    assert models["Model"] in results


def test_models_that_name_each_other_may_arrive_in_any_order(guarded: Project) -> None:
    """Each has a rule on the next and a base in common: held-back rules and `_subclasses` meet in one registry."""
    guarded.module("base", "class Base(Document):\n    meta = {'allow_inheritance': True}\n")
    for index in range(THREADS):
        target = f"Base.Model{(index + 1) % THREADS}"
        guarded.write(
            f"ring_{index}.py",
            f"from base import Base\nclass Model{index}(Base):\n"
            f"    next{index} = ReferenceField('{target}', reverse_delete_rule=CASCADE)\n",
        )

    at_once(lambda index: guarded.load(f"ring_{index}"))

    check()
    ring = [models[f"Base.Model{index}"] for index in range(THREADS)]
    for index, model in enumerate(ring):
        assert list(ring[(index + 1) % THREADS]._meta["delete_rules"]) == [(model, f"next{index}")]
    assert len(models["Base"]._subclasses) == THREADS + 1
