"""What fields refer to: a name that nothing answers, a guess, the wrong kind, a class that was replaced."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mongoengine import GenericEmbeddedDocumentField, GenericReferenceField

from modelguard._fields import state_of
from modelguard._lookup import near_names
from modelguard._mongoengine import (
    SELF,
    EmbeddedDocumentField,
    fields_of,
    is_abstract,
    is_embedded,
    is_model,
    name_of,
    nested,
    registry,
    resolve,
    target,
)
from modelguard._place import field_place
from modelguard._table import TABLE
from modelguard.problem import Problem

Complaint = tuple[str, str, str]  # code, message, hint

_GENERIC = (GenericReferenceField, GenericEmbeddedDocumentField)  # fields whose choices name models
_EMBEDDING = (EmbeddedDocumentField, GenericEmbeddedDocumentField)
_SEVERAL = (list, tuple, set, frozenset)


def reference_problems() -> Iterator[Problem]:
    """Problems of every field of every registered model, each reported once, where it was declared."""
    declared = TABLE.declared()
    entries = registry()
    seen: set[tuple[int, Complaint]] = set()
    for model in list(entries.values()):
        for name, field in fields_of(model).items():
            state = field.__dict__
            if "field" not in state and not _speaks(state):
                continue  # as most are
            for inner in nested(field):
                if not _speaks(inner.__dict__):
                    continue
                for complaint in _complaints(model, inner, state_of(inner, declared), entries):
                    if (id(inner), complaint) not in seen:
                        seen.add((id(inner), complaint))
                        code, message, hint = complaint
                        yield Problem(code, name_of(model), name, message, hint, field_place(model, name))


def _speaks(state: dict[str, Any]) -> bool:
    """Whether a field may name models at all: most do not."""
    return "document_type_obj" in state or "references" in state or bool(state.get("choices"))


def _complaints(model: Any, field: Any, state: dict[str, Any], entries: Mapping[str, Any]) -> list[Complaint]:
    """A list, not a generator: nearly all are empty, and a service has thousands of fields."""
    found: list[Complaint] = []
    named = state.get("document_type_obj")
    if named == SELF:
        found += _self_reference(model, field)
    elif named is not None:
        found += _answered(named, field, entries)
        if named is not target(field):
            found += _held(target(field), entries)
    if "references" in state:
        for wanted in _listed(state["references"]):
            found += _declared_id(wanted, entries)
    if isinstance(field, _GENERIC):
        for choice in field.choices or ():
            found += _answered(choice, field, entries)
    return found


def _answered(wanted: Any, field: Any, entries: Mapping[str, Any]) -> Sequence[Complaint]:
    if not isinstance(wanted, str):
        return _held(wanted, entries)
    model = entries.get(wanted)
    if model is None:
        return (_unanswered(wanted),)
    if isinstance(field, _EMBEDDING) == is_embedded(model):
        return ()
    kinds = ("a document", "an embedded one") if is_embedded(model) else ("an embedded document", "no embedded one")
    message = f"needs {kinds[0]}, and {wanted!r} is {kinds[1]}"
    return (("wrong-kind", message, "use the other kind of field, or another model"),)


def _held(model: Any, entries: Mapping[str, Any]) -> Sequence[Complaint]:
    name = getattr(model, "_class_name", None)
    if name is None or entries.get(name) is model:
        return ()
    message = f"holds a class {name!r} that is not the registered one: instances of the other are refused"
    return (("stale-reference", message, "guard both models, and run the module of the field again after theirs"),)


def _declared_id(wanted: object, entries: Mapping[str, Any]) -> Sequence[Complaint]:
    if is_model(wanted):
        return _held(wanted, entries)
    if not isinstance(wanted, str):
        message = f"declares references={wanted!r}, which is no model's name"
        return (("invalid-references", message, 'write references="Name", or a list of names'),)
    return () if wanted == SELF or wanted in entries else (_unanswered(wanted),)


def _unanswered(wanted: str) -> Complaint:
    guess = resolve(wanted)
    if guess is not None:
        full = name_of(guess)
        message = f"refers to {wanted!r}, which only matches the last part of {full!r}"
        return "inexact-name", message, f"write {full!r}, or import the model {wanted!r}"
    near = near_names(wanted)
    hint = "import the module that defines it"
    hint = f"did you mean {' or '.join(map(repr, near))}? If not, {hint}" if near else hint
    return "missing-model", f"refers to the model {wanted!r}, which is not registered", hint


def _self_reference(model: Any, field: Any) -> Sequence[Complaint]:
    """Mongoengine resolves "self" to the first class that got the field, through a mixin or an abstract base."""
    owner = field.owner_document
    if owner is None or is_abstract(model) or (issubclass(model, owner) and not is_abstract(owner)):
        return ()
    message = f"refers to 'self', which means {name_of(owner)!r} here: the field is shared"
    return (("shared-self", message, f"declare the field on {name_of(model)!r} itself"),)


def _listed(references: object) -> Iterable[object]:
    return references if isinstance(references, _SEVERAL) else (references,)
