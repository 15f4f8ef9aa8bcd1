"""The decision: is this class statement new, the same again, edited, or somebody else's name?"""

from collections.abc import Callable, Mapping
from typing import Any

from modelguard._code import same_code
from modelguard._copies import CONTAINERS, copied
from modelguard._creation import Plan, create
from modelguard._definition import Definition
from modelguard._fields import survey
from modelguard._module_name import adopt_module_name
from modelguard._mongoengine import ancestry, class_name, is_embedded, registry, writable
from modelguard._removal import drop
from modelguard._site import Statement, running_statement
from modelguard._table import TABLE, Record
from modelguard._wording import changed, conflict
from modelguard.errors import ModelConflictError

Make = Callable[[dict[str, Any]], Any]


def define(name: str, bases: tuple[type, ...], namespace: dict[str, Any], make: Make) -> Any:
    """The one class for this definition: the existing one, or a new one that `make` creates.

    Raises:
        ModelConflictError: another place holds the registry name.
        ModelChangedError: this place defined another content before.
        ModelNotRegisteredError: a field needs a model that is not registered.
    """
    statement = running_statement(name, namespace)
    ancestors = ancestry(bases)
    key = class_name(name, ancestors)
    with TABLE.lock:
        existing = _holder(key, statement, namespace)
        if existing is not None:
            return _again(existing, statement, bases, namespace)
        plan = Plan(key, ancestors, survey(namespace, ancestors), embedded=any(map(is_embedded, bases)))
        return _first(plan, statement, bases, namespace, make)


def _first(plan: Plan, statement: Statement, bases: tuple[type, ...], namespace: dict[str, Any], make: Make) -> Any:
    given = dict(namespace)
    # The program may go on to fill what the body made, or share it with other bodies.
    kept = {name: copied(value) for name, value in namespace.items() if isinstance(value, CONTAINERS)}
    said = {**namespace, **kept}
    if "meta" in namespace:
        given["meta"] = writable(given["meta"])  # mongoengine writes into it
    definition = Definition(
        statement.site.module, statement.body, bases, said, plan.survey.declared, plan.survey.copies
    )

    def enter(model: Any) -> None:
        TABLE.add(Record(plan.name, model, statement.site, definition))

    model = create(plan, make, given, enter)
    TABLE.count("defined")
    return model


def _again(existing: Record, statement: Statement, bases: tuple[type, ...], namespace: dict[str, Any]) -> Any:
    later = Definition(statement.site.module, statement.body, bases, namespace, {}, {})
    changes = existing.definition.changes(later)
    if changes:
        TABLE.count("changed")
        raise changed(existing, statement.site, changes)
    cell = namespace.get("__classcell__")
    if cell is not None:
        cell.cell_contents = existing.model  # or zero-argument super() fails: Python checks that it was filled
    adopt_module_name(existing.model, statement.site)
    TABLE.count("reused")
    return existing.model


def _holder(key: str, statement: Statement, namespace: Mapping[str, Any]) -> Record | None:
    """The record of this very statement; None if name and place are free.

    Raises:
        ModelConflictError: another place, or an unguarded class, holds the name.
        ModelChangedError: this place holds another name.
    """
    held = registry().get(key)
    record = TABLE.records.get(key)
    if record is not None and held is None:  # taken out through mongoengine's own registry
        drop(record.model)
        record = None
    if record is not None and record.model is held:
        if not record.site.is_at(statement.site) or _is_twin(record, statement):
            raise _refused(conflict(key, held, record, statement.site, namespace))
        return record
    if held is not None:
        raise _refused(conflict(key, held, None, statement.site, namespace))
    elsewhere = TABLE.at(statement.site)
    if elsewhere is not None and not statement.site.in_function:
        TABLE.count("changed")
        raise changed(elsewhere, statement.site, [f"registry name: {elsewhere.name} -> {key}"])
    return None


def _refused(error: ModelConflictError) -> ModelConflictError:
    TABLE.count("conflicts")
    return error


def _is_twin(record: Record, statement: Statement) -> bool:
    """Whether the record came from another statement for the same name in the same code."""
    held, body = record.definition.body, statement.body
    if held is None or body is None or same_code(held, body):
        return False
    return any(same_code(held, twin) for twin in statement.twins)
