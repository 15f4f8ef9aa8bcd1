"""Taking every trace of a class out of the classes that stay."""

from typing import Any

from modelguard import _signals
from modelguard._mongoengine import CachedReferenceField, delete_rules, nested, registry
from modelguard._table import TABLE


def detach(model: Any) -> None:
    """Remove a class's delete rules, cached references and listeners from the models that are registered."""
    TABLE.pending[:] = [rule for rule in TABLE.pending if rule.owner is not model]
    _signals.stop_listening(field for field in vars(model).get("_fields", {}).values() if _listens(field, model))
    for other in list(registry().values()):
        rules = delete_rules(other)
        for key in [key for key in rules if key[0] is model]:
            del rules[key]
        cached = getattr(other, "_cached_reference_fields", [])
        cached[:] = [field for field in cached if field.owner_document is not model]


def _listens(field: Any, model: Any) -> bool:
    return any(isinstance(inner, CachedReferenceField) and inner.owner_document is model for inner in nested(field))
