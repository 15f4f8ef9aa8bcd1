"""Other processes: `python -m`, fork and spawn, and what travels between them."""

from __future__ import annotations

import multiprocessing
import pickle
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from shared.modelguard.tests.conftest import Project

MODELS = """
class Model(Document):
    name = StringField()
"""
# A program that is both `__main__` and, through whoever imports it, `pkg.program`.
PROGRAM = f"""{MODELS}
if __name__ == "__main__":
    import pickle, sys
    sys.path.insert(0, sys.argv[1])
    import pkg.program
    from modelguard import stats
    assert pkg.program.Model is Model
    assert Model.__module__ == "pkg.program", Model.__module__
    assert stats().conflicts == stats().changed == 0
    sys.stdout.buffer.write(pickle.dumps(Model(name="from main")))
"""
WORK = """
import importlib, pickle

def reload_in_child(answer):
    module = importlib.import_module("models")
    first = module.Model
    answer.send((importlib.reload(module).Model is first, pickle.dumps(first(name="from child"))))

def define_in_child(answer):
    class InChild(Document):
        pass
    answer.send((True, b""))
"""
SLOW = """
import threading
entered, leave = threading.Event(), threading.Event()
class Slow:
    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        entered.set()
        leave.wait(30)
def define():
    class Held(Slow, Document):
        pass
"""


@pytest.mark.parametrize("arguments", [["-m", "pkg.program"], ["pkg/program.py"]], ids=["module", "script"])
def test_main_and_the_package_name_are_one_class_that_pickles(guarded: Project, arguments: list[str]) -> None:
    guarded.write("pkg/program.py", PROGRAM)

    done = subprocess.run(
        [sys.executable, "-W", "error", "-B", *arguments, str(guarded.root)],
        cwd=guarded.root,
        capture_output=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr.decode()
    program = guarded.load("pkg.program")
    after = pickle.loads(done.stdout)  # noqa: S301  # our own bytes
    assert (type(after), after.name) == (program.Model, "from main")


def answer_of_child(method: str, act: Any) -> tuple[bool, bytes]:
    context = multiprocessing.get_context(method)
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=act, args=(sender,))  # type: ignore[attr-defined]  # each context has it
    process.start()
    try:
        assert receiver.poll(30), "the child never answered"
        answer: tuple[bool, bytes] = receiver.recv()
        return answer
    finally:
        process.kill()
        process.join(30)


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_a_child_has_the_one_class_and_its_instances_come_home(guarded: Project, method: str) -> None:
    models = guarded.module("models", MODELS)
    work = guarded.module("work", WORK)

    one_class, written = answer_of_child(method, work.reload_in_child)

    assert one_class
    assert type(pickle.loads(written)) is models.Model  # noqa: S301  # our own bytes


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this platform has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_fork_in_the_middle_of_a_definition_does_not_lock_the_child(guarded: Project) -> None:
    slow = guarded.module("slow", SLOW)
    work = guarded.module("work", WORK)
    definer = threading.Thread(target=slow.define)
    definer.start()
    try:
        assert slow.entered.wait(30)
        assert answer_of_child("fork", work.define_in_child) == (True, b"")
    finally:
        slow.leave.set()
        definer.join(30)
