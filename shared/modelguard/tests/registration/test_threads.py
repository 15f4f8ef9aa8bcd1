"""Sixteen threads that define at once get one class, and none waits for ever."""

from __future__ import annotations

import importlib
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from modelguard import check, isolated, models, problems, require, stats, unregister

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.modelguard.tests.conftest import Project

THREADS = 16
SLOW = """
import threading
entered, leave, runs = threading.Event(), threading.Event(), []
class Slow:
    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        runs.append(cls)
        entered.set()
        assert leave.wait(30)
def define(_=None):
    class Model(Slow, Document):
        name = StringField()
    return Model
"""

HALF = """
import threading
entered, leave = threading.Event(), threading.Event()
def collection(model):
    entered.set()
    assert leave.wait(30)
    return "models"
def define():
    class Model(Document):
        meta = {"collection": collection}
    return Model
"""


@pytest.fixture(autouse=True)
def eager_switching() -> Iterator[None]:
    """Let threads interrupt each other within a definition, which is shorter than Python's usual turn."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def at_once(act: Callable[[int], Any]) -> list[Any]:
    importlib.invalidate_caches()  # once: importlib itself does not take this from several threads
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
            return importlib.import_module(f"contest_{index}").Model
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

    at_once(lambda index: importlib.import_module(f"ring_{index}"))

    check()
    ring = [models[f"Base.Model{index}"] for index in range(THREADS)]
    for index, model in enumerate(ring):
        assert list(ring[(index + 1) % THREADS]._meta["delete_rules"]) == [(model, f"next{index}")]
    assert len(models["Base"]._subclasses) == THREADS + 1


def test_a_thread_waits_for_a_definition_under_way(guarded: Project) -> None:
    slow: Any = guarded.module("slow", SLOW)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(slow.define)
        assert slow.entered.wait(10)
        second = pool.submit(slow.define)
        wait([second], timeout=0.2)  # time enough to make a class of its own, were it let in
        slow.leave.set()

        assert first.result(10) is second.result(10)
    assert len(slow.runs) == 1


@pytest.mark.parametrize("look_up", [require, models.__getitem__], ids=["require", "models"])
def test_nobody_sees_a_class_before_it_is_complete(guarded: Project, look_up: Callable[[str], Any]) -> None:
    """mongoengine registers first; the key and the indexes follow."""
    half: Any = guarded.module("half", HALF)
    with ThreadPoolExecutor(2) as pool:
        defined = pool.submit(half.define)
        assert half.entered.wait(10)
        complete = pool.submit(lambda: "id" in look_up("Model")._fields)
        wait([complete], timeout=0.2)  # time enough to answer too early
        half.leave.set()

        assert complete.result(10)
        assert look_up("Model") is defined.result(10)


def leave_a_block() -> None:
    with isolated():
        pass


@pytest.mark.parametrize(
    "act",
    [leave_a_block, problems, lambda: unregister(re.compile("Nothing"))],
    ids=["isolated", "problems", "unregister"],
)
def test_whoever_goes_through_all_models_waits_for_the_one_under_way(
    guarded: Project, act: Callable[[], object]
) -> None:
    half: Any = guarded.module("half", HALF)
    with ThreadPoolExecutor(2) as pool:
        defined = pool.submit(half.define)
        assert half.entered.wait(10)
        done = pool.submit(act)
        finished, _ = wait([done], timeout=0.2)  # time enough to be done too early
        half.leave.set()
        done.result(10)
        defined.result(10)

    assert not finished
    assert models.is_guarded("Model")


def test_a_block_ends_after_a_definition_under_way(guarded: Project) -> None:
    half: Any = guarded.module("half", HALF)
    before = stats()
    with ThreadPoolExecutor(1) as pool:
        with isolated():
            defined = pool.submit(half.define)
            assert half.entered.wait(10)
            threading.Timer(0.2, half.leave.set).start()  # while the block waits
        defined.result(10)

    assert "Model" not in models
    assert stats() == before


def test_a_definition_may_need_another_one(guarded: Project) -> None:
    """The lock is re-entrant: a class hook that defines a companion must not wait for itself."""
    module = guarded.module(
        "audited",
        "class Audited:\n"
        "    def __init_subclass__(cls):\n"
        "        if cls.__name__ == 'Model':\n"
        "            type(Document)('ModelLog', (Document,), {'__module__': __name__, 'text': StringField()})\n"
        "class Model(Audited, Document):\n    pass\n",
    )

    assert guarded.again(module).Model is models["Model"]
    assert "ModelLog" in models
