"""The one door to mongoengine's private parts.

Holds for the released 0.29.x (a module-level dict `_document_registry`) and for the unreleased line, where
`_DocumentRegistry` wraps a dict of the same name in the same module.
Nothing is patched: the dict is read, and entries that a failed or dropped definition left behind are taken out again.
"""

from collections.abc import Iterator, MutableMapping, Sequence
from typing import Any, cast

from mongoengine import CachedReferenceField, DictField, Document, EmbeddedDocument, EmbeddedDocumentField
from mongoengine.base import BaseField, ComplexBaseField, DocumentMetaclass, TopLevelDocumentMetaclass, common
from mongoengine.errors import NotRegistered
from mongoengine.fields import RECURSIVE_REFERENCE_CONSTANT
from mongoengine.queryset import DO_NOTHING

SELF = cast("str", RECURSIVE_REFERENCE_CONSTANT)

__all__ = [
    "DO_NOTHING",
    "SELF",
    "BaseField",
    "CachedReferenceField",
    "DocumentMetaclass",
    "EmbeddedDocument",
    "EmbeddedDocumentField",
    "NotRegistered",
    "TopLevelDocumentMetaclass",
    "cached_references",
    "class_name",
    "delete_rule_is_deferrable",
    "delete_rules",
    "fields_of",
    "flattened",
    "is_abstract",
    "is_embedded",
    "is_model",
    "is_top_level",
    "name_of",
    "nested",
    "registry",
    "resolve",
    "set_subclass_names",
    "settings",
    "subclass_names",
    "target",
]


def registry() -> MutableMapping[str, Any]:
    """Mongoengine's own dict, registry name -> class.

    Raises:
        RuntimeError: this mongoengine keeps its registry elsewhere; modelguard does not know it.
    """
    entries = getattr(common, "_document_registry", None)
    if not isinstance(entries, MutableMapping):
        raise RuntimeError(  # noqa: TRY004 - the argument's type is nobody's mistake
            "modelguard cannot find mongoengine's model registry (mongoengine.base.common._document_registry): "
            "this release of mongoengine is not supported yet, use 0.29.x"
        )
    return entries


def resolve(name: str) -> Any:
    """The class that mongoengine would answer for `name`, guesses by suffix included; None if it has none."""
    entries = registry()
    if name in entries:
        return entries[name]
    last = name.rpartition(".")[2]
    guesses = [entry for entry in entries if entry.rpartition(".")[2] == last]
    return entries[guesses[0]] if len(guesses) == 1 else None


def flattened(bases: Sequence[type]) -> list[type]:
    """All ancestors in the order in which mongoengine merges them (its own `_get_bases`)."""
    seen: dict[type, None] = {}

    def visit(level: Sequence[type]) -> None:
        for base in level:
            if base is not object:
                seen.setdefault(base)
                visit(base.__bases__)

    visit(bases)
    return list(seen)


def class_name(name: str, ancestors: Sequence[Any]) -> str:
    """The registry name (`_class_name`) that mongoengine is about to give a class."""
    concrete = [
        base.__name__
        for base in ancestors
        if not getattr(base, "_is_base_cls", True) and not getattr(base, "_meta", {}).get("abstract", True)
    ]
    return ".".join([*reversed(concrete), name])


def is_model(value: object) -> bool:
    """Whether `value` is a document class of any kind."""
    return isinstance(value, DocumentMetaclass)


def is_top_level(model: type) -> bool:
    """Whether the class has a collection of its own kind (is no embedded document)."""
    return issubclass(model, Document)


def is_embedded(model: type) -> bool:
    """Whether the class lives inside other documents."""
    return issubclass(model, EmbeddedDocument)


def is_abstract(model: Any) -> bool:
    """Whether the class only serves as a base."""
    return bool(settings(model).get("abstract"))


def name_of(model: Any) -> str:
    """A model's registry name, which is also what documents store as `_cls`."""
    return cast("str", model._class_name)  # noqa: SLF001 - this is the adapter


def settings(model: Any) -> dict[str, Any]:
    """A model's merged `meta`."""
    return cast("dict[str, Any]", model._meta)  # noqa: SLF001 - this is the adapter


def fields_of(model: Any) -> dict[str, Any]:
    """A model's own and inherited fields, by name."""
    return cast("dict[str, Any]", model._fields)


def subclass_names(model: Any) -> tuple[str, ...]:
    """Registry names that a query on the model looks for: its own and its subclasses'."""
    return cast("tuple[str, ...]", model._subclasses)  # noqa: SLF001 - this is the adapter


def set_subclass_names(model: Any, names: tuple[str, ...]) -> None:
    """Put back what a definition has appended."""
    model._subclasses = model._types = names  # noqa: SLF001 - this is the adapter


def cached_references(model: Any) -> list[Any]:
    """Fields of other models that cache parts of this one."""
    return cast("list[Any]", model._cached_reference_fields)  # noqa: SLF001 - this is the adapter


def nested(field: Any) -> Iterator[Any]:
    """A field, and the fields inside it: the items of lists, maps and dicts, to any depth."""
    while isinstance(field, BaseField):
        yield field
        field = vars(field).get("field")


def target(field: Any) -> Any:
    """What a reference or embedded field points to: a class, a name not resolved yet, or None."""
    return vars(field).get("document_type_obj")


def delete_rule_is_deferrable(model_is_embedded: bool, outer: Any, inner: Any) -> bool:  # noqa: FBT001 - read as a fact
    """Whether mongoengine would accept the rule once its target exists; those it refuses must reach it."""
    if getattr(inner, "reverse_delete_rule", DO_NOTHING) == DO_NOTHING or model_is_embedded:
        return False
    return inner is outer or (isinstance(outer, ComplexBaseField) and not isinstance(outer, DictField))


def delete_rules(model: Any) -> dict[tuple[Any, str], int]:
    """The rules that deleting one of `model` applies: (owner, field name) -> rule.

    Base and subclasses share the dict object, so it is to be changed in place.
    """
    return settings(model).get("delete_rules") or {}
