"""Delete rules whose target is named before it is defined.

mongoengine resolves the target while it creates the owner, so two models with rules on each other cannot exist.
Here such a rule waits until a class of that name appears.
A name that only matches the last part of another one is attached too, as mongoengine would, but goes on waiting
for the exact one; `check()` reports it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from modelguard._fields import state_of
from modelguard._mongoengine import (
    DO_NOTHING,
    SELF,
    delete_rule_is_deferrable,
    delete_rules,
    fields_of,
    is_top_level,
    name_of,
    nested,
    registry,
    resolve,
    target,
)
from modelguard._table import TABLE, PendingRule


class Held(NamedTuple):
    """A rule that has to wait, before its owner exists."""

    field: str
    holder: Any  # the field that carries the rule: the named one, or the one inside it
    target: str
    rule: int


def to_hold_back(fields: Mapping[str, Any]) -> list[Held]:
    """The rules that mongoengine could not register now; those that it refuses for good must reach it."""
    found = []
    for name, field in fields.items():
        inner = field
        while inner is not None:
            state = vars(inner)
            rule = state.get("reverse_delete_rule")
            if rule and delete_rule_is_deferrable(field, inner) and _must_wait(inner):
                found.append(Held(name, inner, target(inner), rule))
            inner = state.get("field")
    return found


def without(held: Sequence[Held], make: Callable[[dict[str, Any]], Any], namespace: dict[str, Any]) -> Any:
    """Hide rules from mongoengine for as long as it creates their owner."""
    try:
        for each in held:
            each.holder.reverse_delete_rule = DO_NOTHING
        return make(namespace)
    finally:
        for each in held:
            each.holder.reverse_delete_rule = each.rule


def remember(owner: Any, held: Sequence[Held]) -> None:
    """Let rules wait for their targets."""
    for each in held:
        TABLE.wait(PendingRule(owner, each.field, each.target, each.rule))


def attach_waiting(model: Any) -> None:
    """Register the rules that waited for a new model.

    A target that turns out to be an embedded document has no collection to delete from: its rules go on waiting,
    and `check()` reports them.
    """
    if not is_top_level(model):
        return
    for rule in list(TABLE.pending):
        if rule.target == name_of(model):
            _detach_from_guesses(rule)
            model.register_delete_rule(rule.owner, rule.field, rule.rule)
            TABLE.pending.remove(rule)
        elif resolve(rule.target) is model:
            model.register_delete_rule(rule.owner, rule.field, rule.rule)


def wait_again(model: Any) -> None:
    """Let the rules of a target that goes wait for the next one, if their fields name it and do not hold it."""
    declared = TABLE.declared()
    for (owner, field), rule in delete_rules(model).items():
        for inner in nested(fields_of(owner)[field]):
            name = state_of(inner, declared).get("document_type_obj")
            if isinstance(name, str) and name != SELF:
                TABLE.wait(PendingRule(owner, field, name, rule))


def of_shared_self(model: Any) -> list[tuple[Any, str, int]]:
    """The rules that others have on a class only because their "self" means it: owner, field name, rule."""
    declared = TABLE.declared()
    return [
        (owner, field, rule)
        for (owner, field), rule in delete_rules(model).items()
        if owner is not model and any(_says_self(inner, declared) for inner in nested(fields_of(owner)[field]))
    ]


def hand_on(rules: Sequence[tuple[Any, str, int]]) -> None:
    """Register such rules with the class that "self" means now."""
    for owner, field, rule in rules:
        heir = fields_of(owner)[field].owner_document
        if heir is not None:  # a field of its own goes with the class, and so do the subclasses that inherit it
            heir.register_delete_rule(owner, field, rule)


def _says_self(field: Any, declared: Any) -> bool:
    return bool(state_of(field, declared).get("document_type_obj") == SELF)


def is_attached(rule: PendingRule) -> bool:
    """Whether a waiting rule is in force at a model that matches its target only by suffix."""
    guess = resolve(rule.target)
    return guess is not None and (rule.owner, rule.field) in delete_rules(guess)


def _must_wait(field: Any) -> bool:
    name = target(field)
    if not isinstance(name, str) or name == SELF:
        return False
    model = resolve(name)
    return model is None or not is_top_level(model)


def _detach_from_guesses(rule: PendingRule) -> None:
    for model in registry().values():
        delete_rules(model).pop((rule.owner, rule.field), None)
