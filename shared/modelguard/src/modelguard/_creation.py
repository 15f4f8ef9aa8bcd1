"""Creating a class so that it is registered as a whole, or not at all.

mongoengine registers first and checks later: a definition that fails leaves a half-built class in the registry,
its name in the bases' `_subclasses`, and delete rules and listeners on its targets.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from modelguard import _delete_rules, _fields
from modelguard._lookup import not_registered
from modelguard._mongoengine import NotRegistered, registry
from modelguard._removal import detach
from modelguard._table import TABLE


def create(name: str, ancestors: Sequence[Any], namespace: dict[str, Any], make: Callable[[], Any]) -> Any:
    """Make and register a class; on any exception put everything back as it was, and raise it.

    Args:
        name: the registry name that the class is about to get.
        ancestors: its flattened bases.
        namespace: its attributes.
        make: creates the class with mongoengine's own metaclass.

    Raises:
        ModelNotRegisteredError: a field needs another model at definition time, and it is not registered.
    """
    fields = _fields.of_definition(namespace, ancestors)
    before = _fields.states(fields.values())
    lineage = [(base, base._subclasses, base._types) for base in ancestors if hasattr(base, "_class_name")]  # noqa: SLF001 - mongoengine's own lists of names
    try:
        with _delete_rules.held_back(fields, ancestors) as held:
            model = make()
        _delete_rules.remember(model, held)
        _delete_rules.attach_waiting(model)
    except BaseException as error:
        _roll_back(name, lineage, before)
        if isinstance(error, NotRegistered):
            raise _explained(name, fields, error) from error
        raise
    return model


def _roll_back(name: str, lineage: list[tuple[Any, Any, Any]], before: _fields.States) -> None:
    TABLE.count("rolled_back")
    failed = registry().pop(name, None)
    for base, subclasses, types in lineage:
        base._subclasses = subclasses  # noqa: SLF001 - mongoengine's own lists of names
        base._types = types  # noqa: SLF001 - as above
    if failed is not None:
        detach(failed)
    before.restore()


def _explained(name: str, fields: dict[str, Any], error: Exception) -> Exception:
    wanted = next(_unresolved(fields), None)
    if wanted is None:
        return error
    field, missing = wanted
    return not_registered(
        missing,
        f"{name}.{field} needs the model {missing!r} while {name} is being defined, and it is not registered. "
        f"Define or import {missing!r} first, above {name}",
    )


def _unresolved(fields: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, field in fields.items():
        for missing in _fields.missing_targets(field):
            yield name, missing
