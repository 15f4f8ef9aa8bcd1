"""Delete rules whose target is named before it is defined.

mongoengine resolves the target while it creates the owner, so two models with rules on each other cannot exist.
Here such a rule waits until a class of that name appears.
A name that only matches the last part of another one is attached too, as mongoengine would, but goes on waiting
for the exact one; `check()` reports it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from modelguard._fields import declared
from modelguard._mongoengine import (
    DO_NOTHING,
    SELF,
    EmbeddedDocument,
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

# What waits, before its owner exists: field name, target's name, rule.
Held = list[tuple[str, str, int]]


@contextmanager
def held_back(fields: Mapping[str, Any], ancestors: Sequence[type]) -> Iterator[Held]:
    """Hide the rules that cannot be registered yet from mongoengine, for as long as it creates their owner."""
    embedded = EmbeddedDocument in ancestors
    held: Held = []
    hidden: list[tuple[Any, int]] = []
    for name, field in fields.items():
        for inner in nested(field):
            if delete_rule_is_deferrable(embedded, field, inner) and _must_wait(inner):
                held.append((name, target(inner), inner.reverse_delete_rule))
                hidden.append((inner, inner.reverse_delete_rule))
    try:
        for inner, _ in hidden:
            inner.reverse_delete_rule = DO_NOTHING
        yield held
    finally:
        for inner, rule in hidden:
            inner.reverse_delete_rule = rule


def remember(owner: Any, held: Held) -> None:
    """Let rules wait for their targets."""
    for field, name, rule in held:
        TABLE.wait(PendingRule(owner, field, name, rule))


def attach_waiting(model: Any) -> None:
    """Register the rules that waited for a new model.

    A target that turns out to be an embedded document has no collection to delete from: its rules go on waiting,
    and `check()` reports them.
    """
    if not TABLE.pending or not is_top_level(model):
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
    for (owner, field), rule in delete_rules(model).items():
        if TABLE.of(owner) is None or owner is model:
            continue
        for inner in nested(fields_of(owner)[field]):
            name = declared(inner).get("document_type_obj")
            if isinstance(name, str) and name != SELF:
                TABLE.wait(PendingRule(owner, field, name, rule))


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
