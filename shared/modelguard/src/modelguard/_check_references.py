"""Names that fields refer to, and that nothing, or only a guess, answers."""

from collections.abc import Iterator
from typing import Any

from modelguard._lookup import near_names
from modelguard._mongoengine import SELF, nested, registry, resolve
from modelguard._place import declared_state, field_place
from modelguard.problem import Problem


def reference_problems() -> Iterator[Problem]:
    """Every name in a reference, an embedded field, `references=` or the choices of a generic field."""
    seen: set[tuple[int, str]] = set()
    for model in list(registry().values()):
        for name, field in model._fields.items():
            for inner in nested(field):
                for wanted in _wanted(inner):
                    if wanted not in registry() and (id(inner), wanted) not in seen:
                        seen.add((id(inner), wanted))
                        yield _problem(model, name, wanted)


def _wanted(field: Any) -> Iterator[str]:
    state = declared_state(field)
    named = state.get("document_type_obj")
    if isinstance(named, str) and named != SELF:
        yield named
    references = state.get("references", ())
    yield from (references,) if isinstance(references, str) else references
    if hasattr(field, "_validate_choices") and type(field).__name__.startswith("Generic"):
        yield from (choice for choice in field.choices or () if isinstance(choice, str))


def _problem(model: Any, field: str, wanted: str) -> Problem:
    guess = resolve(wanted)
    near = near_names(wanted)
    name = model._class_name  # noqa: SLF001 - mongoengine's own registry name
    site = field_place(model, field)
    if guess is not None:
        full = guess._class_name  # noqa: SLF001 - as above
        message = f"refers to {wanted!r}, which matches {full!r} only by its last part"
        return Problem("inexact-name", name, field, message, f"write the full name {full!r}", site)
    hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "is the module that defines it imported?"
    return Problem("missing-model", name, field, f"refers to the model {wanted!r}, which is not registered", hint, site)
