"""Indexes: made by a deploy step, verified at every start."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lyceum_database.documents import Record
from lyceum_database.errors import AccessDenied, DatabaseError, Duplicate, IndexesDiffer, NotConnected, Unavailable
from lyceum_database.translation import translated_errors

_OPTIONS = ("unique", "sparse", "expireAfterSeconds")


def ensure_indexes(models: Iterable[type[Record]]) -> None:
    """Create the indexes that the models declare and the database lacks. Safe to repeat, also at the same time.

    Raises:
        IndexesDiffer: lists every index that is there with other options, or that stored documents do not allow.
    """
    problems = [problem for model in models for problem in (*_creation_problems(model), *_problems(model))]
    if problems:
        raise IndexesDiffer("indexes cannot be created: " + "; ".join(problems), problems=problems)


def verify_indexes(models: Iterable[type[Record]]) -> None:
    """Check, without changing anything, that the database has what the models declare.

    Raises:
        IndexesDiffer: lists every index that is missing or has other options.
    """
    problems = [problem for model in models for problem in _problems(model)]
    if problems:
        text = "the database lacks indexes (run the index deploy step): " + "; ".join(problems)
        raise IndexesDiffer(text, problems=problems)


def _creation_problems(model: type[Record]) -> Iterator[str]:
    collection = _collection(model)
    for keys, options in declared_indexes(model):
        try:
            with translated_errors():
                collection.create_index(keys, **options)
        except Duplicate:
            yield f"{_label(model, keys)}: stored documents share a value that must be unique"
        except (Unavailable, NotConnected, AccessDenied):
            raise
        except DatabaseError as exc:
            yield f"{_label(model, keys)}: {exc}"


def _problems(model: type[Record]) -> list[str]:
    with translated_errors():
        present = {tuple(index["key"]): index for index in _collection(model).index_information().values()}
    problems = []
    for keys, options in declared_indexes(model):
        found = present.get(tuple(keys))
        if found is None:
            problems.append(f"{_label(model, keys)} is missing")
        elif _differs(found, options):
            problems.append(f"{_label(model, keys)} should be {_described(options)} but is {_described(found)}")
    return problems


def declared_indexes(model: type[Record]) -> list[tuple[list[tuple[str, int]], dict[str, Any]]]:
    """Return keys and options of the model's indexes, from the list that mongoengine built at its definition."""
    specs = model._meta["index_specs"]  # noqa: SLF001 - mongoengine publishes the keys only, not the options
    return [(list(spec["fields"]), {name: spec[name] for name in _OPTIONS if name in spec}) for spec in specs]


def _label(model: type[Record], keys: Iterable[tuple[str, int]]) -> str:
    return f"{model.__name__} ({', '.join(name for name, _ in keys)})"


def _differs(found: Mapping[str, Any], options: Mapping[str, Any]) -> bool:
    return any((found.get(name) or None) != (options.get(name) or None) for name in ("unique", "sparse")) or (
        found.get("expireAfterSeconds") != options.get("expireAfterSeconds")
    )


def _described(options: Mapping[str, Any]) -> str:
    words = [name for name in ("unique", "sparse") if options.get(name)]
    if options.get("expireAfterSeconds") is not None:
        words.append(f"expiring after {options['expireAfterSeconds']} s")
    return " ".join(words) or "plain"


def _collection(model: type[Record]) -> Any:
    with translated_errors():
        return model._get_collection()  # noqa: SLF001 - mongoengine's documented access to the driver's collection
