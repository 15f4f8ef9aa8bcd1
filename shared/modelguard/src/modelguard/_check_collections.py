"""Collections that two models write without knowing of each other, and indexes that cannot exist together."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from mongoengine.connection import DEFAULT_CONNECTION_NAME

from modelguard._mongoengine import is_abstract, is_top_level, name_of, registry, settings
from modelguard._place import model_place
from modelguard.problem import Problem


def collection_problems() -> Iterator[Problem]:
    """Problems of each collection that registered documents name."""
    for (_, collection), models in _by_collection().items():
        yield from _strangers(collection, models)
        yield from _clashing_indexes(collection, models)


def _by_collection() -> dict[tuple[str, str], list[Any]]:
    found: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for model in registry().values():
        meta = settings(model)
        collection = meta.get("collection")
        if isinstance(collection, str) and is_top_level(model) and not meta.get("abstract"):
            found[meta.get("db_alias", DEFAULT_CONNECTION_NAME), collection].append(model)
    return found


def _strangers(collection: str, models: list[Any]) -> Iterator[Problem]:
    """Models of one inheritance tree share a collection on purpose; all others do not."""
    roots = list({_root(model): None for model in models})
    for root in roots[1:]:
        first = roots[0]
        message = (
            f"the collection {collection!r} is used by {name_of(root)!r} and by {name_of(first)!r} "
            f"({model_place(first)}), which are unrelated"
        )
        hint = 'give one of them another meta = {"collection": ...}'
        yield Problem("shared-collection", name_of(root), "", message, hint, model_place(root))


def _root(model: Any) -> Any:
    concrete = [base for base in model.__mro__ if "_class_name" in vars(base) and not is_abstract(base)]
    return concrete[-1]


def _clashing_indexes(collection: str, models: list[Any]) -> Iterator[Problem]:
    known: dict[Any, tuple[Any, Any]] = {}
    for model in models:
        for spec in settings(model).get("index_specs") or ():
            name, keys = _name(spec), tuple(map(tuple, spec["fields"]))
            first = [known.setdefault(key, (model, spec)) for key in (("name", name), ("keys", keys))]
            clash = next((other for other, theirs in first if theirs is not spec and _differ(theirs, spec)), None)
            if clash is not None:
                yield _clash(collection, model, name, clash)


def _name(spec: Any) -> str:
    """The index name, as the driver makes one if none is given."""
    return str(spec.get("name") or "_".join(f"{key}_{order}" for key, order in spec["fields"]))


def _differ(one: Any, other: Any) -> bool:
    ignored = {"fields", "name", "background"}
    options = [{key: value for key, value in spec.items() if key not in ignored} for spec in (one, other)]
    return bool(options[0] != options[1] or one["fields"] != other["fields"] or _name(one) != _name(other))


def _clash(collection: str, model: Any, name: str, first: Any) -> Problem:
    message = f"declares an index {name!r} on {collection!r} that contradicts one of {name_of(first)!r}"
    hint = "the server refuses the second one at the first query: give them different keys and names"
    return Problem("index-clash", name_of(model), "", message, hint, model_place(model))
