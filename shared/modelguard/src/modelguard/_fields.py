"""The fields of a class that is about to exist, and the state in which their body declared them."""

from collections.abc import Iterator, Mapping, Sequence
from types import CellType, FunctionType, ModuleType
from typing import Any, NamedTuple

from modelguard._copies import CONTAINERS, Copies, copied, keep, keep_all, snapshot
from modelguard._mongoengine import SELF, BaseField, fields_of, is_model, nested, registry, resolve, target

# By `id`: a field, and its options before registration changed them. Names of models turn into classes there,
# `db_field` is filled in, and class decorators may write anything.
Declared = dict[int, tuple[Any, dict[str, Any]]]

# What class bodies mostly hold besides fields, and what never learns its name.
_PLAIN = frozenset({str, int, dict, tuple, CellType})
# Where fields come from that keep nothing of their own: those of others may be registers that the program fills.
_OF_MONGOENGINE = frozenset({"mongoengine.fields", "mongoengine.base.fields"})
# Options of a field that the program may fill, or that may fill what they hold.
_GROWING = ("default", "validation", "choices")
_WRAPPERS = frozenset({property, classmethod, staticmethod})


class Survey(NamedTuple):
    """What a class that is about to exist will hold.

    Attributes:
        fields: own and inherited ones, by name; own ones win.
        declared: the present state of fields, of the fields inside them, and of all else that has attributes: the
            program may change them later, and descriptors learn their name (`__set_name__`), which those of a
            repeated body never do.
        copies: the containers inside functions and plain classes, as they are now.
        wires: whether a field has a delete rule or caches a reference, and so changes other models.
    """

    fields: dict[str, Any]
    declared: Declared
    copies: Copies
    wires: bool


def survey(namespace: Mapping[str, Any], ancestors: Sequence[Any]) -> Survey:
    """One pass over all that a class will hold: this runs for each first definition."""
    fields = _inherited(ancestors) if ancestors else {}
    declared: Declared = {}
    copies: Copies = {}
    wires = False
    for value in fields.values():
        wires |= _declare(value, declared, copies)
    for base in ancestors:
        _keep_class(base, copies)
    for name, value in namespace.items():
        kind = type(value)
        if kind in _PLAIN:
            continue
        if kind is FunctionType:
            if value.__dict__:
                declared[id(value)] = (value, snapshot(value.__dict__))
            keep(value, copies)
            continue
        if issubclass(kind, BaseField):
            fields[name] = value
            wires |= _declare(value, declared, copies)
        elif isinstance(value, type):
            _keep_class(value, copies)
        else:
            _keep_object(value, declared, copies)
    return Survey(fields, declared, copies, wires)


def _keep_object(value: Any, declared: Declared, copies: Copies) -> None:
    keep(value, copies)
    if type(value) not in _WRAPPERS and hasattr(value, "__dict__") and not isinstance(value, ModuleType):
        declared[id(value)] = (value, snapshot(vars(value)))


def _keep_class(kind: type, copies: Copies) -> None:
    """Of a mixin or an inner class: both run again with the body. Models have a record of their own."""
    if not is_model(kind):
        keep_all(vars(kind).values(), copies)


def _declare(field: Any, declared: Declared, copies: Copies) -> bool:
    """Enter a field and those inside it; whether one of them changes other models."""
    wires = False
    while field is not None:
        state = field.__dict__
        kept = state.copy() if type(field).__module__ in _OF_MONGOENGINE else snapshot(state)
        if kept.get("default") is not None or kept.get("choices") is not None or kept.get("validation") is not None:
            _keep_options(kept, copies)
        declared[id(field)] = (field, kept)
        if "document_type_obj" in state:
            wires = wires or bool(state.get("reverse_delete_rule")) or "auto_sync" in state
        field = state.get("field")
    return wires


def _keep_options(kept: dict[str, Any], copies: Copies) -> None:
    for option in _GROWING:
        value = kept.get(option)
        if isinstance(value, CONTAINERS):
            kept[option] = copied(value)
        elif value is not None:
            keep(value, copies)


def _inherited(ancestors: Sequence[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for base in reversed(ancestors):
        if hasattr(base, "_fields"):
            found.update(fields_of(base))
        elif not hasattr(base, "_meta"):
            found.update(in_namespace(vars(base)))
    return found


def in_namespace(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """The fields among a class's attributes."""
    return {name: value for name, value in namespace.items() if isinstance(value, BaseField)}


def state_of(field: Any, declared: Declared) -> dict[str, Any]:
    """A field's options as its body gave them; as they are now, for a field of an unguarded class."""
    known = declared.get(id(field))
    return known[1] if known is not None else vars(field)


def missing_targets(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Field name and model name, where mongoengine cannot resolve the model now."""
    for field, value in fields.items():
        inner = value
        while inner is not None:
            name = target(inner)
            if isinstance(name, str) and name != SELF and resolve(name) is None:
                yield field, name
            inner = vars(inner).get("field")


def release(model: Any, declared: Declared) -> None:
    """Let fields forget a class that goes: as their owner, and as what their name resolved to.

    A field of a mixin goes on to the next class that has it, which is then what its "self" means.
    """
    own = {id(inner) for field in in_namespace(vars(model)).values() for inner in nested(field)}
    for field, state in declared.values():
        if vars(field).get("_owner_document") is model:
            field.__dict__["_owner_document"] = None if id(field) in own else _heir(field)
        if target(field) is model:
            field.__dict__["document_type_obj"] = state["document_type_obj"]


def _heir(field: Any) -> Any:
    """The first registered class that has a field, itself or inside another."""
    for model in registry().values():
        if any(inner is field for outer in fields_of(model).values() for inner in nested(outer)):
            return model
    return None
