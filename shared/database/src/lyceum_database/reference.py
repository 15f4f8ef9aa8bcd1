"""The table of documents that a member's README shows; its tests compare the two."""

from collections.abc import Iterable, Mapping
from typing import Any

from lyceum_database.documents import Record
from lyceum_database.indexes import declared_indexes

HEADER = "| document | collection | unique | indexes | states |\n|---|---|---|---|---|"


def documents_table(models: Iterable[type[Record]]) -> str:
    """Return a Markdown table: collection, unique keys, other indexes and states of each model, in the given order."""
    return "\n".join([HEADER, *(_row(model) for model in models)])


def _row(model: type[Record]) -> str:
    fields = model._fields.values()
    unique = ["+".join(getattr(field, "key_parts", (field.name,))) for field in fields if field.unique]
    plain = [_index(keys, options) for keys, options in declared_indexes(model) if "unique" not in options]
    states = [state for field in fields if field.name == "status" for state in field.choices]
    cells = [
        model.__name__,
        f"`{model._get_collection_name()}`",  # noqa: SLF001 - mongoengine's documented access
        ", ".join(unique),
        ", ".join(plain),
        ", ".join(states),
    ]
    return f"| {' | '.join(cells)} |"


def _index(keys: Iterable[tuple[str, int]], options: Mapping[str, Any]) -> str:
    names = [name if direction > 0 else f"-{name}" for name, direction in keys]
    text = f"({', '.join(names)})"
    if "expireAfterSeconds" in options:
        days = options["expireAfterSeconds"] // (24 * 3600)
        return f"{text} expires" + (f" after {days} days" if days else "")
    return f"{text} sparse" if options.get("sparse") else text
