"""What the linter knows of other distributions: the bases of models, and what their star imports bring."""

NAMES = ("Document", "DynamicDocument", "EmbeddedDocument", "DynamicEmbeddedDocument")
GUARDED = frozenset(f"modelguard{module}.{name}" for module in ("", ".bases") for name in NAMES)
PLAIN = frozenset(f"mongoengine{module}.{name}" for module in ("", ".document") for name in NAMES)
# `__all__` of mongoengine 0.29, as far as rules ask for it; its fields end alike.
_DOCUMENT_MODULE = frozenset({*NAMES, "MapReduceDocument"})
_CONNECTION_MODULE = frozenset({"DEFAULT_CONNECTION_NAME", "connect", "disconnect", "register_connection"})
_STARS = {
    "mongoengine": _DOCUMENT_MODULE | _CONNECTION_MODULE | {"queryset_manager"},
    "mongoengine.connection": _CONNECTION_MODULE,
    "mongoengine.document": _DOCUMENT_MODULE,
    "mongoengine.fields": frozenset[str](),
    "modelguard": frozenset({*NAMES, "isolated"}),
    "importlib": frozenset({"__import__", "import_module", "reload"}),
    "functools": frozenset({"partial", "total_ordering"}),
    "enum": frozenset({"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"}),
    "typing": frozenset({"TYPE_CHECKING", "final"}),
}
_WITH_FIELDS = frozenset({"mongoengine", "mongoengine.fields"})


def brings(library: str, name: str) -> bool:
    """Whether `from library import *` is known to bind a name."""
    return name in _STARS.get(library, ()) or (library in _WITH_FIELDS and name.endswith("Field"))


def may_bring(library: str, name: str) -> bool:
    """Whether it is the most likely source of a name that nothing else binds."""
    return brings(library, name) or (library == "mongoengine" and not name.startswith("_"))
