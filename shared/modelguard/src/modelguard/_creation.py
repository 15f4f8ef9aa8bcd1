"""Creating a class so that it is registered as a whole, or not at all.

mongoengine registers first and checks later: a definition that fails leaves a half-built class in the registry,
its name in the bases' `_subclasses`, and delete rules and listeners on its targets.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from modelguard import _delete_rules, _fields
from modelguard._lookup import not_registered
from modelguard._mongoengine import (
    CachedReferenceField,
    NotRegistered,
    cached_references,
    registry,
    resolve,
    set_subclass_names,
    subclass_names,
    target,
)
from modelguard._removal import detach
from modelguard._table import TABLE


def create(name: str, ancestors: Sequence[Any], namespace: Mapping[str, Any], make: Callable[[], Any]) -> Any:
    """Make and register a class; on any exception put everything back as it was, and raise it.

    Args:
        name: the registry name that the class is about to get.
        ancestors: its flattened bases.
        namespace: its attributes.
        make: creates the class with mongoengine's own metaclass.

    Raises:
        ModelNotRegisteredError: a field needs another model at definition time, and it is not registered.
    """
    fields = _fields.of_definition(namespace, ancestors)
    _fields.remember_declared(fields.values())
    before = _Before(fields, ancestors)
    try:
        with _delete_rules.held_back(fields, ancestors) as held:
            model = make()
        _delete_rules.remember(model, held)
        _delete_rules.attach_waiting(model)
    except BaseException as error:
        before.restore(name)
        TABLE.count("rolled_back")
        missing = next(_missing(fields), None)
        if isinstance(error, NotRegistered) and missing is not None:
            raise _needed_now(name, *missing) from error
        raise
    return model


class _Before:
    """What a failing definition may have changed in other classes and in shared fields."""

    def __init__(self, fields: Mapping[str, Any], ancestors: Sequence[Any]) -> None:
        self._lineage = [(base, subclass_names(base)) for base in ancestors if "_subclasses" in vars(base)]
        self._cached = [(each, list(each)) for each in _cached_lists(fields)]
        self._states = _fields.States(fields.values())

    def restore(self, name: str) -> None:
        failed = registry().pop(name, None)
        if failed is not None:
            detach(failed)
        for base, names in self._lineage:
            set_subclass_names(base, names)
        for fields, entries in self._cached:
            fields[:] = entries
        self._states.restore()


def _cached_lists(fields: Mapping[str, Any]) -> Iterator[list[Any]]:
    """Where mongoengine will enter cached references: a list on each model that they name."""
    for field in fields.values():
        if isinstance(field, CachedReferenceField):
            model = target(field)
            model = resolve(model) if isinstance(model, str) else model
            if model is not None:
                yield cached_references(model)


def _missing(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for field, value in fields.items():
        for name in _fields.missing_targets(value):
            yield field, name


def _needed_now(owner: str, field: str, name: str) -> Exception:
    return not_registered(
        name,
        f"{owner}.{field} needs the model {name!r} at once, to build indexes or listeners, and it is not registered: "
        f"define or import {name!r} above {owner}",
    )
