"""What the guard would refuse among models on mongoengine's own bases: found without patching anything.

mongoengine's registry keeps the last class of a name only. Python still knows the replaced ones, as subclasses of their
bases, until its collector removes them: so that one waits while the project is imported.
"""

import gc
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FunctionType
from typing import Any

from modelguard._code import same_code
from modelguard._mongoengine import (
    SELF,
    BaseDocument,
    DocumentMetaclass,
    TopLevelDocumentMetaclass,
    fields_of,
    is_library_base,
    is_top_level,
    name_of,
    nested,
    settings,
    target,
)
from modelguard._table import TABLE
from modelguard._written_place import class_place, statement
from modelguard.problem import Problem

_PLAIN = frozenset({str, int, float, bool, tuple, type(None)})
_COUNTED = frozenset({"creation_counter", "auto_creation_counter"})  # otherwise for each field


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
    return [what for what in {**before, **after} if not _alike(before.get(what), after.get(what))]


def _shape(model: Any) -> dict[str, object]:
    shape: dict[str, object] = {
        f"field {name}": [_said(each, model) for each in nested(field)] for name, field in fields_of(model).items()
    }
    if is_top_level(model):
        shape["collection"] = settings(model).get("collection")
    return shape | {f"method {name}": each for name, each in vars(model).items() if isinstance(each, FunctionType)}


def _said(field: Any, model: Any) -> tuple[str, dict[str, object]]:
    """The class of a field, its plain options, and the name of the model it points to, which may be resolved by now."""
    options = {name: value for name, value in vars(field).items() if type(value) in _PLAIN and name not in _COUNTED}
    to = target(field)
    if to is not None:
        named = name_of(model if to == SELF else to) if to == SELF or isinstance(to, type) else str(to)
        options["document_type_obj"] = named.rpartition(".")[2]
    return type(field).__qualname__, options


def _alike(one: object, other: object) -> bool:
    if isinstance(one, FunctionType) and isinstance(other, FunctionType):
        return same_code(one.__code__, other.__code__)
    return one == other


def _of_foreign_metaclass(name: str, model: Any) -> Iterator[Problem]:
    kind = type(model)
    inherited = any(type(base) is kind for base in model.__bases__)  # said of the base already
    if inherited or kind in {DocumentMetaclass, TopLevelDocumentMetaclass}:
        return
    message = f"has the metaclass {kind.__module__}.{kind.__qualname__}, which a guarded base does not go with"
    hint = "derive that metaclass from the metaclass of the guarded base, as in: class Own(type(modelguard.Document))"
    yield Problem("custom-metaclass", name, "", message, hint, class_place(model, -1))
