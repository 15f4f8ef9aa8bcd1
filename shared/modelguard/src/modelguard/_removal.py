"""Taking every trace of a class out of the classes that stay."""

from typing import Any

from modelguard import _signals
from modelguard._delete_rules import hand_on, of_shared_self, wait_again
from modelguard._fields import release
from modelguard._mongoengine import (
    CachedReferenceField,
    cached_references,
    delete_rules,
    fields_of,
    name_of,
    registry,
    set_subclass_names,
    subclass_names,
)
from modelguard._table import TABLE


def drop(model: Any) -> None:
    """Forget a class as if it had never been defined; rules of others that name it wait for the next of its name."""
    name = name_of(model)
    if registry().get(name) is model:
        del registry()[name]
    wait_again(model)
    selves = of_shared_self(model)
    for base in model.__mro__[1:]:
        if "_subclasses" in vars(base):
            set_subclass_names(base, tuple(each for each in subclass_names(base) if each != name))
    detach(model)
    release(model, TABLE.declared())
    hand_on(selves)
    TABLE.forget(name)


def detach(model: Any) -> None:
    """Remove a class's delete rules, cached references and listeners from the models that are registered."""
    TABLE.pending[:] = [rule for rule in TABLE.pending if rule.owner is not model]
    own = [field for field in fields_of(model).values() if field.owner_document is model]
    listening = [field for field in own if isinstance(field, CachedReferenceField)]
    _signals.stop_listening(listening)
    for other in list(registry().values()):
        rules = delete_rules(other)
        for key in [key for key in rules if key[0] is model]:
            del rules[key]  # in place: base and subclasses share the dict
        cached = cached_references(other)
        cached[:] = [field for field in cached if not any(field is each for each in listening)]
