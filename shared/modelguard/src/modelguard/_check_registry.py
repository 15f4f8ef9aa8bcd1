"""Registry entries that are unguarded, replaced or out of reach, and delete rules that wait for ever."""

from collections.abc import Iterator
from typing import Any

from modelguard._delete_rules import is_attached
from modelguard._mongoengine import is_embedded, name_of, registry, subclass_names
from modelguard._place import field_place, model_place
from modelguard._table import TABLE
from modelguard.problem import Problem


def registry_problems() -> Iterator[Problem]:
    """Problems of entries as such, then of rules."""
    for name, model in list(registry().items()):
        yield from _unguarded(name, model)
        yield from _unreachable(name, model)
        yield from _left_over(name, model)
    yield from _unattached_rules()


def _unguarded(name: str, model: Any) -> Iterator[Problem]:
    if TABLE.of(model) is not None:
        return
    record = TABLE.records.get(name)
    if record is None:
        message = "is not guarded: a second definition would replace it silently"
        yield Problem("unguarded-model", name, "", message, "derive it from modelguard's bases", model_place(model))
        return
    message = f"was replaced by an unguarded class of module {model.__module__}; the guarded one is at {record.site}"
    yield Problem("replaced-model", name, "", message, "rename one of the two", model_place(model))


def _unreachable(name: str, model: Any) -> Iterator[Problem]:
    for base in model.__mro__[1:]:
        if "_subclasses" not in vars(base):
            continue
        registered = registry().get(name_of(base)) is base
        if not registered or name not in subclass_names(base):
            why = "does not list it" if registered else "is no longer the registered one"
            message = f"cannot be found through its base {name_of(base)!r}, which {why}"
            hint = "define the base once, then the subclasses; unregister drops them together"
            yield Problem("unreachable-subclass", name, "", message, hint, model_place(model))


def _left_over(name: str, model: Any) -> Iterator[Problem]:
    entries = registry()
    for entry in subclass_names(model):
        if entry not in entries:
            message = f"lists a subclass {entry!r} that is not registered: queries carry its name"
            hint = "it was taken out of mongoengine's registry by hand; use modelguard.unregister"
            yield Problem("stale-subclass", name, "", message, hint, model_place(model))


def _unattached_rules() -> Iterator[Problem]:
    for rule in TABLE.pending:
        if is_attached(rule):
            continue
        found = registry().get(rule.target)
        embedded = found is not None and is_embedded(found)
        why = "is an embedded document" if embedded else "was never defined"
        message = f"has a delete rule that is not in force: its target {rule.target!r} {why}"
        hint = "name a document that has a collection" if embedded else "import the module that defines it"
        site = field_place(rule.owner, rule.field)
        yield Problem("unattached-delete-rule", name_of(rule.owner), rule.field, message, hint, site)
