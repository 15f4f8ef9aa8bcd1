"""What the guard costs: definitions beside plain mongoengine in one interleaved run, check(), and growth over reloads.

Times depend on the machine and are printed beside their bar; growth does not, and more than none ends with code 1.
"""

from __future__ import annotations

import gc
import importlib
import statistics
import sys
import tempfile
import time
import unittest.mock
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mongomock
from mongoengine import connect, signals
from mongoengine.base.common import _document_registry

import modelguard

from .judging import Row
from .options import parsed
from .report import Report

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

ROUNDS = 600
MODELS_TO_CHECK = 300
RELOADS = 1_000
BAR_FIRST_PERCENT = 10.0
BAR_REPEAT_PERCENT = 0.0
BAR_CHECK_MILLISECONDS = 5.0

IMPORTS = "from mongoengine import *\nfrom {library} import Document, EmbeddedDocument\n"
MODEL = """
class {name}(Document):
    name = StringField(required=True, max_length=80)
    email = EmailField(unique=True)
    age = IntField(min_value=0, default=lambda: 18)
    tags = ListField(StringField())
    meta = {{"indexes": ["name", ("age", "-name")], "strict": False}}

    def clean(self):
        super().clean()
"""
CHECKED = """
class Place{n}(EmbeddedDocument):
    city = StringField()

class Owner{n}(Document):
    name = StringField()
    home = EmbeddedDocumentField(Place{n})
    homes = MapField(EmbeddedDocumentField(Place{n}))
    next_owner = ReferenceField("Owner{following}")
    others = ListField(ReferenceField("Owner{following}"))
    meta = {{"indexes": ["name"]}}
"""
RELOADED = """
class User(Document):
    name = StringField()
    meta = {"indexes": ["name"], "allow_inheritance": True}

class Admin(User):
    level = IntField()

class Team(Document):
    owner = ReferenceField(User, reverse_delete_rule=CASCADE)
    lead = CachedReferenceField(User, fields=["name"])
"""


def definitions(folder: Path, library: str, prefix: str) -> list[tuple[CodeType, dict[str, Any]]]:
    """Compile one model per file, as projects keep them, with the imports of its module already run."""
    compiled = []
    for number in range(ROUNDS):
        file = folder / f"{prefix.lower()}_{number}.py"
        source = MODEL.format(name=f"{prefix}{number}")
        file.write_text(source, encoding="utf-8")
        namespace: dict[str, Any] = {"__name__": f"bench.{file.stem}", "__file__": str(file)}
        exec(IMPORTS.format(library=library), namespace)  # noqa: S102  # our own text
        compiled.append((compile(source, str(file), "exec"), namespace))
    return compiled


def microseconds(act: Callable[[], object]) -> float:
    """Processor time of this thread: what else the machine does meanwhile is not counted."""
    started = time.thread_time_ns()
    act()
    return (time.thread_time_ns() - started) / 1_000


def define(definition: tuple[CodeType, dict[str, Any]]) -> float:
    code, namespace = definition
    return microseconds(lambda: exec(code, namespace))  # noqa: S102  # our own text


def medians(plain: list[Any], guarded: list[Any]) -> tuple[float, float]:
    """Time both kinds in turns, and in both orders, so that a busy moment of the machine meets both."""
    of_plain, of_guarded = [], []
    gc.collect()
    gc.disable()
    try:
        for number, (one, other) in enumerate(zip(plain, guarded, strict=True)):
            if number % 2:
                of_plain.append(define(one))
                of_guarded.append(define(other))
            else:
                of_guarded.append(define(other))
                of_plain.append(define(one))
    finally:
        gc.enable()
    return statistics.median(of_plain), statistics.median(of_guarded)


def definition_row(what: str, plain: float, guarded: float, bar_percent: float) -> Row:
    percent = (guarded / plain - 1) * 100
    return Row(
        what,
        f"{guarded:.0f} us, plain {plain:.0f} us: {percent:+.1f} %",
        f"<= {bar_percent:+.0f} %",
        percent <= bar_percent,
    )


def bench_definitions(folder: Path) -> list[Row]:
    plain = definitions(folder, "mongoengine", "Plain")
    guarded = definitions(folder, "modelguard", "Guarded")
    first = medians(plain, guarded)
    # Plain mongoengine makes another class here: this is what a reload costs it.
    repeated = medians(plain, guarded)
    return [
        definition_row("first definition", *first, BAR_FIRST_PERCENT),
        definition_row("repeated definition", *repeated, BAR_REPEAT_PERCENT),
    ]


def bench_check(folder: Path) -> Row:
    pairs = MODELS_TO_CHECK // 2
    text = "".join(CHECKED.format(n=n, following=(n + 1) % pairs) for n in range(pairs))
    (folder / "checked_models.py").write_text(IMPORTS.format(library="modelguard") + text, encoding="utf-8")
    _document_registry.clear()
    importlib.import_module("checked_models")
    taken = statistics.median(microseconds(modelguard.check) for _ in range(50)) / 1_000
    return Row(
        f"check() over {len(modelguard.models)} models",
        f"{taken:.2f} ms",
        f"<= {BAR_CHECK_MILLISECONDS:.0f} ms",
        taken <= BAR_CHECK_MILLISECONDS,
    )


def census(module: Any, index_calls: list[object]) -> dict[str, int]:
    gc.collect()
    base = modelguard.Document.__mro__[1]
    return {
        "classes": sum(isinstance(thing, type) and issubclass(thing, base) for thing in gc.get_objects()),
        "receivers": len(signals.post_save.receivers),
        "delete rules": len(module.User._meta["delete_rules"]),
        "create_index calls": len(index_calls),
    }


def bench_growth(folder: Path) -> list[Row]:
    """Reload one module and query it each time; count what plain mongoengine keeps for ever."""
    index_calls: list[object] = []
    connect("bench", mongo_client_class=mongomock.MongoClient, uuidRepresentation="standard")
    (folder / "reloaded_models.py").write_text(IMPORTS.format(library="modelguard") + RELOADED, encoding="utf-8")
    module = importlib.import_module("reloaded_models")
    with unittest.mock.patch.object(
        mongomock.Collection, "create_index", lambda _, keys, **__: index_calls.append(keys)
    ):
        before, after = reloaded(module, index_calls)
    return [
        Row(
            f"{what} after {RELOADS} reloads",
            f"{before[what]} -> {after[what]}",
            "no growth",
            before[what] == after[what],
        )
        for what in before
    ]


def reloaded(module: Any, index_calls: list[object]) -> tuple[dict[str, int], dict[str, int]]:
    """Count before and after `RELOADS` reloads, each with a query."""
    module.User.objects.count()
    before = census(module, index_calls)
    for _ in range(RELOADS):
        importlib.reload(module)
        module.User.objects.count()
    return before, census(module, index_calls)


def main(arguments: list[str]) -> int:
    """Print the table; 0 unless something grows."""
    report = Report("modelguard", parsed(arguments, "modelguard", __doc__ or ""))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sys.path.insert(0, name)
        timed = bench_definitions(folder)
        with modelguard.isolated():
            timed.append(bench_check(folder))
        grown = bench_growth(folder)
    report.add("modelguard (medians, interleaved, processor time)", [*timed, *grown])
    return report.close(judged=grown)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
