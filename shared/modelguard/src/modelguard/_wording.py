"""The text of conflict and change errors: what, where, and what to do."""

from collections.abc import Mapping, Sequence
from typing import Any

from modelguard._mongoengine import settings
from modelguard._site import Site, real_file
from modelguard._table import Record
from modelguard.errors import ModelChangedError, ModelConflictError


def conflict(
    key: str, held: Any, record: Record | None, second: Site, namespace: Mapping[str, Any]
) -> ModelConflictError:
    """The error for a second definition of a registry name."""
    first = place(held, record)
    message = (
        f"two definitions of the model {key!r}:\n"
        f"  first   {first}, module {held.__module__}, {_collection(settings(held))}\n"
        f"  second  {second}, module {second.module}, {_collection(namespace.get('meta', {}))} (refused)\n"
        "The first stays registered and usable. A registry name belongs to one model in a process: "
        f"{_way_out(held, second)}"
    )
    return ModelConflictError(message, model=key, first=first, second=str(second))


def _way_out(held: Any, second: Site) -> str:
    in_function = "<locals>" in held.__qualname__
    rename = "rename one of the two"
    said = (
        f"{rename}."
        if in_function
        else f"{rename}, or import the first from {held.__module__} instead of defining it again."
    )
    if in_function or second.in_function:
        said += " A test that defines models takes the fixture isolated_models, or does it in modelguard.isolated()."
    return said


def changed(record: Record, site: Site, changes: Sequence[str]) -> ModelChangedError:
    """The error for an edited definition."""
    lines = "\n".join(f"  - {change}" for change in changes)
    message = (
        f"the model {record.name!r} was defined before with another content, at {record.site}:\n{lines}\n"
        f"The class in use stays the old one. {_advice(site, record.name)}"
    )
    return ModelChangedError(message, model=record.name, site=str(site), changes=changes)


def place(model: Any, record: Record | None) -> str:
    """`file:line` of a class; for one that is not guarded its file, or its module."""
    if record is not None:
        return str(record.site)
    return real_file(model.__module__) or f"module {model.__module__}"


def _advice(site: Site, name: str) -> str:
    if site.in_function:
        return (
            "A function that makes models has to give each one a name of its own; "
            f"a test wraps them in modelguard.isolated() or calls modelguard.unregister({name!r})."
        )
    return (
        "Restart the process to use the new content, "
        f"or call modelguard.unregister({name!r}) before the definition runs again."
    )


def _collection(meta: Mapping[str, Any]) -> str:
    name = meta.get("collection")
    if name is None:
        return "default collection"
    return f"collection {name!r}" if isinstance(name, str) else "computed collection"
