"""What fields refer to: a name that nothing answers, a guess, the wrong kind, a class that was replaced."""

from collections.abc import Iterable, Iterator
from typing import Any

from mongoengine import GenericEmbeddedDocumentField, GenericReferenceField

from modelguard._fields import declared
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
from modelguard.problem import Problem

_SEVERAL = (list, tuple, set, frozenset)


def reference_problems() -> Iterator[Problem]:
    """Problems of every field of every registered model, each reported once, where it was declared."""
    seen: set[tuple[int, str, str]] = set()
    for model in list(registry().values()):
        for name, field in fields_of(model).items():
            for inner in nested(field):
                for code, message, hint in _complaints(model, inner):
                    if (id(inner), code, message) not in seen:
                        seen.add((id(inner), code, message))
                        yield Problem(code, name_of(model), name, message, hint, field_place(model, name))


def _complaints(model: Any, field: Any) -> Iterator[tuple[str, str, str]]:
    state = declared(field)
    for wanted in _wanted(field, state):
        yield from _named(wanted, field) if isinstance(wanted, str) else _held(wanted)
    if state.get("document_type_obj") == SELF:
        yield from _self_reference(model, field)
    for wanted in _listed(state.get("references", ())):
        yield from _declared_id(wanted)


def _wanted(field: Any, state: dict[str, Any]) -> Iterator[Any]:
    """Names and classes that mongoengine itself will resolve."""
    named = state.get("document_type_obj")
    if named is not None and named != SELF:
        yield named
        if isinstance(named, str) and is_model(target(field)):
            yield target(field)
    if isinstance(field, (GenericReferenceField, GenericEmbeddedDocumentField)):
        yield from field.choices or ()


def _named(wanted: str, field: Any) -> Iterator[tuple[str, str, str]]:
    model = registry().get(wanted)
    if model is None:
        yield _unanswered(wanted)
    elif isinstance(field, EmbeddedDocumentField) != is_embedded(model):
        kinds = ("a document", "an embedded one") if is_embedded(model) else ("an embedded document", "no embedded one")
        yield "wrong-kind", f"needs {kinds[0]}, and {wanted!r} is {kinds[1]}", "use the other kind of field, or rename"


def _held(model: Any) -> Iterator[tuple[str, str, str]]:
    name = getattr(model, "_class_name", None)
    if name is not None and registry().get(name) is not model:
        message = f"holds a class {name!r} that is not the registered one: instances of the other are refused"
        yield "stale-reference", message, "guard both models, and run the module of the field again after theirs"


def _declared_id(wanted: object) -> Iterator[tuple[str, str, str]]:
    if is_model(wanted):
        yield from _held(wanted)
    elif not isinstance(wanted, str):
        message = f"declares references={wanted!r}, which is no model's name"
        yield "invalid-references", message, 'write references="Name", or a list of names'
    elif wanted != SELF and wanted not in registry():
        yield _unanswered(wanted)


def _unanswered(wanted: str) -> tuple[str, str, str]:
    guess = resolve(wanted)
    if guess is not None:
        full = name_of(guess)
        message = f"refers to {wanted!r}, which only matches the last part of {full!r}"
        return "inexact-name", message, f"write {full!r}, or import the model {wanted!r}"
    near = near_names(wanted)
    hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "import the module that defines it"
    return "missing-model", f"refers to the model {wanted!r}, which is not registered", hint


def _self_reference(model: Any, field: Any) -> Iterator[tuple[str, str, str]]:
    """Mongoengine resolves "self" to the first class that got the field, through a mixin or an abstract base."""
    owner = field.owner_document
    if owner is None or is_abstract(model):
        return
    if not issubclass(model, owner) or is_abstract(owner):
        message = f"refers to 'self', which means {name_of(owner)!r} here: the field is shared"
        yield "shared-self", message, f"declare the field on {name_of(model)!r} itself"


def _listed(references: object) -> Iterable[object]:
    return references if isinstance(references, _SEVERAL) else (references,)
