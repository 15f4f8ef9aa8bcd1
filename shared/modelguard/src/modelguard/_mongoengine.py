"""The one door to mongoengine's private parts.

Holds for the released 0.29.x (a module-level dict `_document_registry`) and for the unreleased line, where
`_DocumentRegistry` wraps a dict of the same name in the same module.
Nothing is patched: the dict is read, and entries that a failed or dropped definition left behind are taken out again.
"""

from collections.abc import Iterator, MutableMapping, Sequence
from typing import Any, cast

from mongoengine import (
    CachedReferenceField,
    DictField,
    Document,
    DynamicDocument,
    DynamicEmbeddedDocument,
    EmbeddedDocument,
    EmbeddedDocumentField,
)
from mongoengine.base import (
    BaseDocument,
    BaseField,
    ComplexBaseField,
    DocumentMetaclass,
    TopLevelDocumentMetaclass,
    common,
)
from mongoengine.base.metaclasses import BasesTuple
from mongoengine.errors import NotRegistered
from mongoengine.fields import RECURSIVE_REFERENCE_CONSTANT
from mongoengine.queryset import DO_NOTHING

from modelguard.errors import UnsupportedError

# What mongoengine brings for others to derive from.
_BASES = frozenset({BaseDocument, Document, DynamicDocument, EmbeddedDocument, DynamicEmbeddedDocument})
_of_library_bases: dict[tuple[type, ...], Any] = {}
SELF = cast("str", RECURSIVE_REFERENCE_CONSTANT)

__all__ = [
    "DO_NOTHING",
    "SELF",
    "BaseDocument",
    "BaseField",
    "CachedReferenceField",
    "DocumentMetaclass",
    "EmbeddedDocument",
    "EmbeddedDocumentField",
    "NotRegistered",
    "TopLevelDocumentMetaclass",
    "ancestry",
    "awaits_manager",
    "cached_references",
    "class_name",
    "delete_rule_is_deferrable",
    "delete_rules",
    "fields_of",
    "is_abstract",
    "is_embedded",
    "is_library_base",
    "is_model",
    "is_top_level",
    "merged_bases",
    "name_of",
    "nested",
    "registry",
    "resolve",
    "set_subclass_names",
    "settings",
    "subclass_names",
    "target",
    "writable",
]


def registry() -> MutableMapping[str, Any]:
    """Mongoengine's own dict, registry name -> class.

    Raises:
        UnsupportedError: this release of mongoengine keeps its registry elsewhere.
    """
    entries = getattr(common, "_document_registry", None)
    if type(entries) is not dict and not isinstance(entries, MutableMapping):  # the first test is the cheap one
        raise UnsupportedError(
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


def merged_bases(bases: tuple[type, ...]) -> Any:
    """What mongoengine's metaclasses compute twice for each class: all ancestors, depth first, each once.

    Its own bases are left out: a guarded one stands behind each of them with the same settings, and they hold no
    fields to look for. Most models stand on a library's base alone, and those answers are kept. Both pay for the guard.
    """
    if isinstance(bases, BasesTuple):
        return bases
    known = _of_library_bases.get(bases)
    if known is None:
        seen: dict[type, None] = {}
        _visit(bases, seen)
        known = BasesTuple(base for base in seen if base not in _BASES)
        if all(map(is_library_base, bases)):
            _of_library_bases[bases] = known
    return known


def ancestry(bases: tuple[type, ...]) -> Sequence[Any]:
    """All ancestors without the libraries' bases, which have no fields, no name and no subclasses of their own."""
    if bases in _of_library_bases:
        return ()
    return [base for base in merged_bases(bases) if not is_library_base(base)]


def _visit(bases: tuple[type, ...], seen: dict[type, None]) -> None:
    for base in bases:
        if base is not object:
            seen.setdefault(base)
            _visit(base.__bases__, seen)


def is_library_base(base: type) -> bool:
    """Whether it is one of the classes that libraries give to derive from: no model itself."""
    return "my_metaclass" in vars(base)


def writable(meta: Any) -> Any:
    """A copy of a body's `meta` that takes what mongoengine writes: new keys, and `timeseries` without its expiry."""
    if not isinstance(meta, dict):
        return meta
    return {key: dict(value) if type(value) is dict else value for key, value in meta.items()}


def class_name(name: str, ancestors: Sequence[Any]) -> str:
    """The registry name (`_class_name`) that mongoengine is about to give a class."""
    if not ancestors:
        return name
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


def awaits_manager(model: Any) -> bool:
    """Whether mongoengine is between building a class's indexes and choosing its key: it looks for `objects` then."""
    meta = vars(model).get("_meta", {})
    return "index_specs" in meta and meta.get("id_field") is None and not meta.get("abstract")


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
    while field is not None:
        yield field
        field = field.__dict__.get("field")


def target(field: Any) -> Any:
    """What a reference or embedded field points to: a class, a name not resolved yet, or None."""
    return vars(field).get("document_type_obj")


def delete_rule_is_deferrable(outer: Any, inner: Any) -> bool:
    """Whether mongoengine would accept the rule once its target exists: it takes none from dicts and maps."""
    return inner is outer or (isinstance(outer, ComplexBaseField) and not isinstance(outer, DictField))


def delete_rules(model: Any) -> dict[tuple[Any, str], int]:
    """The rules that deleting one of `model` applies: (owner, field name) -> rule.

    Base and subclasses share the dict object, so it is to be changed in place.
    """
    return settings(model).get("delete_rules") or {}
