"""The fields of a class, the state in which their body declared them, and what registration writes into them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from modelguard._mongoengine import SELF, BaseField, fields_of, nested, resolve, target

_WRITTEN = ("_owner_document", "document_type_obj")

# A field's options before registration changed them: names of models turn into classes, `db_field` is filled in.
_declared: "WeakKeyDictionary[Any, dict[str, Any]]" = WeakKeyDictionary()


class States:
    """Owner and target of some fields at one moment, to be put back."""

    def __init__(self, fields: Iterable[Any]) -> None:
        self._kept = [
            (inner, {key: vars(inner)[key] for key in _WRITTEN if key in vars(inner)})
            for field in fields
            for inner in nested(field)
        ]

    def restore(self) -> None:
        """Put them back; a resolved name becomes the name again."""
        for field, state in self._kept:
            vars(field).update(state)


def of_definition(namespace: Mapping[str, Any], ancestors: Sequence[Any]) -> dict[str, Any]:
    """Fields that the class will have, its own and inherited ones, by name; own ones win."""
    found: dict[str, Any] = {}
    for base in reversed(ancestors):
        if hasattr(base, "_fields"):
            found.update(fields_of(base))
        elif not hasattr(base, "_meta"):
            found.update(in_namespace(vars(base)))
    found.update(in_namespace(namespace))
    return found


def in_namespace(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """The fields among a class's attributes."""
    return {name: value for name, value in namespace.items() if isinstance(value, BaseField)}


def remember_declared(fields: Iterable[Any]) -> None:
    """Keep the options of fields, and of the fields inside them, unless they are known."""
    for field in fields:
        for inner in nested(field):
            if inner not in _declared:
                _declared[inner] = dict(vars(inner))


def declared(field: Any) -> dict[str, Any]:
    """A field's options as its body gave them; as they are now, for a field of an unguarded class."""
    return _declared.get(field) or vars(field)


def missing_targets(field: Any) -> Iterator[str]:
    """Names that a field, or a field inside it, refers to and that mongoengine cannot resolve now."""
    for inner in nested(field):
        name = target(inner)
        if isinstance(name, str) and name != SELF and resolve(name) is None:
            yield name


def release(model: Any) -> None:
    """Let fields of classes that stay forget one that goes: as their owner, and as what their name resolved to."""
    for inner in list(_declared):
        if target(inner) is model:
            inner.document_type_obj = _declared[inner]["document_type_obj"]
    for base in model.__mro__[1:]:
        for field in {**in_namespace(vars(base)), **vars(base).get("_fields", {})}.values():
            for inner in nested(field):
                if inner.owner_document is model:
                    vars(inner)["_owner_document"] = None
