"""What the guard would refuse among models on mongoengine's own bases: found without patching anything.

mongoengine's registry keeps the last class of a name only. Python still knows the replaced ones, as subclasses of their
bases, until its collector removes them: so that one waits while the project is imported.
"""

import gc
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from modelguard._mongoengine import (
    BaseDocument,
    DocumentMetaclass,
    TopLevelDocumentMetaclass,
    fields_of,
    is_library_base,
    is_top_level,
    name_of,
    settings,
)
from modelguard._table import TABLE
from modelguard._written_place import class_place, statement
from modelguard.problem import Problem


class Watch:
    """The plain models that were defined while it was on, replaced ones too."""

    def __init__(self) -> None:
        self._before = set(_subclasses(BaseDocument))

    def problems(self) -> Iterator[Problem]:
        """What the guard would refuse, were all of them defined on its bases."""
        for name, classes in self._by_name().items():
            yield from _refused(name, classes)
            yield from _of_foreign_metaclass(name, classes[-1])

    def _by_name(self) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = defaultdict(list)
        for model in _subclasses(BaseDocument):
            if model not in self._before and TABLE.of(model) is None:
                found[name_of(model)].append(model)
        return found


@contextmanager
def watch() -> Iterator[Watch]:
    """Follow what is defined inside: a replaced class is a cycle, which only the collector frees."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield Watch()
    finally:
        if was_on:
            gc.enable()


def _subclasses(base: Any) -> Iterable[Any]:
    """Every model below a base, each once, those of one base by the order of their definition."""
    found: dict[Any, None] = {}
    waiting = [base]
    for each in waiting:
        new = [kind for kind in each.__subclasses__() if kind not in found]
        found |= dict.fromkeys(new)
        waiting += new
    return [each for each in found if not is_library_base(each)]


def _refused(name: str, classes: list[Any]) -> Iterator[Problem]:
    """The first class would stay: the guard compares every later one with it."""
    first = classes[0]
    told: set[tuple[str, str]] = set()
    for later in classes[1:]:
        written = statement(later)
        if written in told:
            continue
        if written != statement(first):
            message = f"was overwritten: {class_place(first)} defines it too, and the guard refuses the second of them"
            hint = "rename one of the two, or import the first where the second is"
            yield Problem("overwritten-model", name, "", message, hint, class_place(later, -1))
            told.add(written)
        elif changes := _changes(first, later):
            message = (
                f"was overwritten by another content of the same place ({', '.join(changes)}): the guard refuses that"
            )
            hint = "give each class that a function makes a name of its own; edited code needs a new process"
            yield Problem("redefined-model", name, "", message, hint, class_place(later, -1))
            told.add(written)


def _changes(first: Any, later: Any) -> list[str]:
    """What differs, as far as finished classes show it."""
    before, after = _shape(first), _shape(later)
    return [what for what in {**before, **after} if before.get(what) != after.get(what)]


def _shape(model: Any) -> dict[str, object]:
    shape: dict[str, object] = {f"field {name}": type(field).__qualname__ for name, field in fields_of(model).items()}
    if is_top_level(model):
        shape["collection"] = settings(model).get("collection")
    return shape


def _of_foreign_metaclass(name: str, model: Any) -> Iterator[Problem]:
    kind = type(model)
    inherited = any(type(base) is kind for base in model.__bases__)  # said of the base already
    if inherited or kind in {DocumentMetaclass, TopLevelDocumentMetaclass}:
        return
    message = f"has the metaclass {kind.__module__}.{kind.__qualname__}, which a guarded base does not go with"
    hint = "derive that metaclass from the metaclass of the guarded base, as in: class Own(type(modelguard.Document))"
    yield Problem("custom-metaclass", name, "", message, hint, class_place(model, -1))
