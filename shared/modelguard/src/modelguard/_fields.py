"""The fields of a class that is about to exist, and the state that registration writes into them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from modelguard._mongoengine import SELF, BaseField, nested, resolve, target

_WRITTEN = ("_owner_document", "document_type_obj")


class States:
    """Owner and target of some fields at one moment, to be put back."""

    def __init__(self, fields: Iterable[Any]) -> None:
        self._kept = [(field, {key: vars(field)[key] for key in _WRITTEN if key in vars(field)}) for field in fields]

    def restore(self) -> None:
        """Put them back; a resolved name becomes the name again."""
        for field, state in self._kept:
            vars(field).update(state)


def of_definition(namespace: Mapping[str, Any], ancestors: Sequence[Any]) -> dict[str, Any]:
    """Fields that the class will have, its own and inherited ones, by name; own ones win."""
    found: dict[str, Any] = {}
    for base in reversed(ancestors):
        if hasattr(base, "_fields"):
            found.update(base._fields)
        elif not hasattr(base, "_meta"):
            found.update(_declared(vars(base)))
    found.update(_declared(namespace))
    return found


def states(fields: Iterable[Any]) -> States:
    """Remember owner and target of fields and of the fields inside them."""
    return States(inner for field in fields for inner in nested(field))


def missing_targets(field: Any) -> Iterator[str]:
    """Names that a field refers to and that mongoengine cannot resolve now."""
    for inner in nested(field):
        name = target(inner)
        if isinstance(name, str) and name != SELF and resolve(name) is None:
            yield name


def _declared(namespace: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in namespace.items() if isinstance(value, BaseField)}


def release(model: Any, table: Any) -> None:
    """Let fields of other models forget a class that goes: as their owner, and as what their name resolved to."""
    for record in table:
        for value in record.definition.namespace.values():
            for inner in nested(value):
                declared = record.definition.declared[id(inner)]
                if target(inner) is model:
                    inner.document_type_obj = declared["document_type_obj"]
    for base in model.__mro__[1:]:
        for field in {**_declared(vars(base)), **vars(base).get("_fields", {})}.values():
            for inner in nested(field):
                if vars(inner).get("_owner_document") is model:
                    vars(inner)["_owner_document"] = None
