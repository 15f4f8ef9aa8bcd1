"""For tests: everything that definitions change, remembered and put back; and single names dropped."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from modelguard import _fields, _signals
from modelguard._lookup import not_registered
from modelguard._modules import Loaded
from modelguard._mongoengine import (
    BaseField,
    cached_references,
    delete_rules,
    fields_of,
    name_of,
    nested,
    registry,
    set_subclass_names,
    subclass_names,
    target,
)
from modelguard._removal import drop
from modelguard._table import TABLE


@contextmanager
def isolated() -> Iterator[None]:
    """Definitions made inside are gone afterwards, and what they did to other models is undone.

    Models defined before stay visible inside; `unregister` inside makes room for another of the same name.
    Restored are mongoengine's registry, the guard's own table and counters, subclass lists, delete rules, resolved
    references, cached references and signal receivers; but a receiver that a field of a model connects at its first use
    stays with the model.
    Modules imported for the first time inside, and holding a model that goes, are forgotten too.
    The registry is the process's: what other threads define meanwhile goes as well.
    """
    with TABLE.lock:
        before, loaded = _Snapshot(), Loaded()
    try:
        yield
    finally:
        with TABLE.lock:
            dropped = before.restore()
            loaded.forget_holders_of(dropped)


def unregister(name: str | re.Pattern[str]) -> tuple[str, ...]:
    """Drop models by registry name, or every one whose whole name a compiled regex matches.

    Their subclasses go with them. Returns the names dropped.

    Raises:
        ModelNotRegisteredError: nothing holds the name; a regex may match nothing.
    """
    with TABLE.lock:
        if isinstance(name, str) and name not in registry():
            raise not_registered(name, f"there is no model {name!r} to unregister")
        chosen = [entry for entry in registry() if (entry == name if isinstance(name, str) else name.fullmatch(entry))]
        doomed = [model for model in registry().values() if any(issubclass(model, registry()[each]) for each in chosen)]
        for model in doomed:
            drop(model)
        return tuple(name_of(model) for model in doomed)


class _Snapshot:
    def __init__(self) -> None:
        self._registry = dict(registry())
        self._records = dict(TABLE.records)
        self._pending = list(TABLE.pending)
        self._counters = dict(TABLE.counters)
        models = [*self._registry.values()]
        self._names = [(model, subclass_names(model)) for model in models]
        self._rules = [(model, delete_rules(model), dict(delete_rules(model))) for model in models]
        self._cached = [(cached_references(model), list(cached_references(model))) for model in models]
        self._targets = [
            (inner, target(inner), inner.owner_document) for inner in _inners(models) if target(inner) is not None
        ]
        self._receivers = _signals.Receivers()

    def restore(self) -> list[Any]:
        dropped = [model for name, model in registry().items() if self._registry.get(name) is not model]
        shared = TABLE.declared()
        _replace(registry(), self._registry)
        TABLE.restore(self._records, self._pending, self._counters)
        for model, names in self._names:
            set_subclass_names(model, names)
        for model, rules, entries in self._rules:
            _replace(delete_rules(model), entries)  # the dict in use now, made inside the block
            _replace(rules, entries)
        for fields, listed in self._cached:
            fields[:] = listed
        for model in dropped:
            _fields.release(model, shared)
        for field, named, owner in self._targets:
            field.document_type_obj = named
            field.__dict__["_owner_document"] = owner
        self._receivers.restore(_is_of_lasting_field, {id(model) for model in dropped})
        return dropped


def _is_of_lasting_field(receiver: Any) -> bool:
    """A handler that is a method of a field: such fields connect once, and would not do so again."""
    field = getattr(receiver, "__self__", None)
    owner = field.owner_document if isinstance(field, BaseField) else None
    return owner is not None and registry().get(name_of(owner)) is owner


def _inners(models: Iterable[Any]) -> Iterator[Any]:
    for model in models:
        for field in fields_of(model).values():
            yield from nested(field)


def _replace(mapping: Any, entries: Any) -> None:
    mapping.clear()
    mapping.update(entries)
