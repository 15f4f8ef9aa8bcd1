"""Delete rules whose target is named before it is defined.

mongoengine resolves the target while it creates the owner, so two models with rules on each other cannot exist.
Here such a rule waits, and is registered when a class of exactly that name appears.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from modelguard import _fields
from modelguard._mongoengine import (
    DO_NOTHING,
    EmbeddedDocument,
    delete_rule_is_deferrable,
    is_top_level,
    nested,
    registry,
)
from modelguard._table import TABLE, PendingRule

# What waits, before its owner exists: field name, target's name, rule.
Held = list[tuple[str, str, int]]


@contextmanager
def held_back(fields: Mapping[str, Any], ancestors: Sequence[type]) -> Iterator[Held]:
    """Hide the rules that cannot be registered yet from mongoengine, for as long as it creates their owner."""
    embedded = any(issubclass(base, EmbeddedDocument) for base in ancestors)
    hidden: list[tuple[Any, int]] = []
    held: Held = []
    for name, field in fields.items():
        for inner in nested(field):
            if delete_rule_is_deferrable(embedded, field, inner) and (missing := [*_fields.missing_targets(inner)]):
                held.append((name, missing[0], inner.reverse_delete_rule))
                hidden.append((inner, inner.reverse_delete_rule))
                inner.reverse_delete_rule = DO_NOTHING
    try:
        yield held
    finally:
        for inner, rule in hidden:
            inner.reverse_delete_rule = rule


def remember(owner: Any, held: Held) -> None:
    """Let rules wait for their targets."""
    TABLE.pending.extend(PendingRule(owner, field, target, rule) for field, target, rule in held)


def attach_waiting(model: Any) -> None:
    """Register the rules that waited for the name of a new model.

    A name that turns out to be an embedded document has no collection to delete from: its rules go on waiting,
    and `check()` reports them.
    """
    if not TABLE.pending or not is_top_level(model):
        return
    name = model._class_name  # noqa: SLF001 - mongoengine's own registry name
    due = [rule for rule in TABLE.pending if rule.target == name]
    for rule in due:
        if registry().get(rule.owner._class_name) is rule.owner:  # noqa: SLF001 - as above
            model.register_delete_rule(rule.owner, rule.field, rule.rule)
    TABLE.pending[:] = [rule for rule in TABLE.pending if rule not in due]
