"""Creating a class so that it is registered as a whole, or not at all.

mongoengine registers first and checks later: a definition that fails leaves a half-built class in the registry,
its name in the bases' `_subclasses`, and delete rules and listeners on its targets.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from modelguard import _delete_rules, _fields
from modelguard._fields import Survey
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


class Plan(NamedTuple):
    """A class that is about to exist.

    Attributes:
        name: the registry name it will get.
        ancestors: its flattened bases, without those of the libraries.
        survey: what it will hold.
        embedded: whether it has no collection. mongoengine takes no delete rule from such a class, and shall see it.
    """

    name: str
    ancestors: Sequence[Any]
    survey: Survey
    embedded: bool


def create(
    plan: Plan, make: Callable[[dict[str, Any]], Any], namespace: dict[str, Any], enter: Callable[[Any], None]
) -> Any:
    """Register the class that `make` creates of a namespace, and `enter` it in the table of the guard.

    On any exception, an interrupt between the two included, everything is put back.

    Raises:
        ModelNotRegisteredError: a field needs another model at definition time, and it is not registered.
    """
    fields, wires = plan.survey.fields, plan.survey.wires
    lineage = [(base, subclass_names(base)) for base in plan.ancestors if "_subclasses" in vars(base)]
    cached = [(each, list(each)) for each in _cached_lists(fields)] if wires else ()
    held = _delete_rules.to_hold_back(fields) if wires and not plan.embedded else ()
    try:
        model = _delete_rules.without(held, make, namespace) if held else make(namespace)
        if held:
            _delete_rules.remember(model, held)
        if TABLE.pending:
            _delete_rules.attach_waiting(model)
        enter(model)
    except BaseException as error:
        TABLE.forget(plan.name)
        _take_back(plan)
        for base, names in lineage:
            set_subclass_names(base, names)
        for listed, entries in cached:
            listed[:] = entries
        TABLE.count("rolled_back")
        missing = next(_fields.missing_targets(fields), None)
        if isinstance(error, NotRegistered) and missing is not None:
            raise _needed_now(plan.name, *missing) from error
        raise
    return model


def _take_back(plan: Plan) -> None:
    failed = registry().pop(plan.name, None)
    if failed is None:  # it failed before mongoengine touched anything else
        return
    detach(failed)
    _fields.release(failed, plan.survey.declared)
    for field, state in plan.survey.declared.values():
        if isinstance(state.get("document_type_obj"), str):
            field.__dict__["document_type_obj"] = state["document_type_obj"]


def _cached_lists(fields: Mapping[str, Any]) -> Iterator[list[Any]]:
    """Where mongoengine will enter cached references: a list on each model that they name."""
    for field in fields.values():
        if isinstance(field, CachedReferenceField):
            model = target(field)
            model = resolve(model) if isinstance(model, str) else model
            if model is not None:
                yield cached_references(model)


def _needed_now(owner: str, field: str, name: str) -> Exception:
    return not_registered(
        name,
        f"{owner}.{field} needs the model {name!r} at once, to build indexes or listeners, and it is not registered: "
        f"define or import {name!r} above {owner}",
    )
