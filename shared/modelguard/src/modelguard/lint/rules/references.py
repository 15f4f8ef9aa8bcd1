"""MG10: texts in fields that name no model."""

import difflib
from collections.abc import Collection, Iterator

from modelguard.lint.fields import Reference
from modelguard.lint.finding import Finding
from modelguard.lint.index import Index, at
from modelguard.lint.models import Model
from modelguard.lint.rule import Rule

_CODE = "MG10"
_MOST_NEAR_NAMES = 3
_LEAST_ALIKE = 0.7  # below it, "Role" is taken for a slip of "Module"


def _find(index: Index) -> Iterator[Finding]:
    known = {*index.registry, *index.settings.known_models}
    open_names = {each.fact.name for each in index.classes if each.unresolved and index.fields.has_any(each)}
    for model in _with_fields(index):
        for reference in index.fields.references(model):
            # A class whose base cannot be followed may well be the model: MG01 reports it.
            if reference.name not in known and reference.name.rpartition(".")[2] not in open_names:
                yield _finding(index, reference, known)


def _with_fields(index: Index) -> Iterator[Model]:
    """Registered models, and the plain classes that they take fields from."""
    found: dict[Model, None] = {}
    for model in index.models:
        if model.is_registered_at_import:
            for each in (model, *model.ancestors):
                found.setdefault(each)
    return (each for each in found if index.settings.looks_at(_CODE, each.module.path))


def _finding(index: Index, reference: Reference, known: Collection[str]) -> Finding:
    owner, name = reference.owner, reference.name
    guess = _guess(name, known)
    if guess is not None:
        message = (
            f"{owner.fact.name}.{reference.field} refers to {name!r}, which only matches the last part of {guess!r}: "
            "it means another model as soon as one of that name appears"
        )
        fix = f"write {guess!r}"
    else:
        message = f"{owner.fact.name}.{reference.field} refers to the model {name!r}, and nothing registers that name"
        near = _near(name, known)
        homes = [f"{each!r} ({index.registry[each].module.path})" for each in near if each in index.registry]
        elsewhere = f'if another distribution does, add to [tool.modelguard]: known-models = ["{name}"]'
        fix = f"did you mean {' or '.join(homes)}?" if homes else f"define it; or, {elsewhere}"
    found = at(owner, _CODE, message, fix, line=reference.line, column=reference.column)
    return found._replace(subject=f"{owner.registry_name}.{reference.field}:{name}")


def _guess(name: str, known: Collection[str]) -> str | None:
    """What mongoengine would take the name for: the only model of that last part."""
    last = name.rpartition(".")[2]
    alike = [each for each in known if each.rpartition(".")[2] == last]
    return alike[0] if len(alike) == 1 else None


def _near(name: str, known: Collection[str]) -> list[str]:
    last = name.rpartition(".")[2]
    same_end = sorted(each for each in known if each.rpartition(".")[2] == last)
    alike = difflib.get_close_matches(name, sorted(known), n=_MOST_NEAR_NAMES, cutoff=_LEAST_ALIKE)
    return [*dict.fromkeys([*same_end, *alike])][:_MOST_NEAR_NAMES]


RULE = Rule(
    _CODE,
    "A string reference that matches no model exactly.",
    "mongoengine resolves the text at the first use, guesses by the last part of the name, and does not say which "
    "field asked. check() finds it at start, this rule before.",
    "Write the full registry name: of a document that derives from another, with all its concrete parents.",
    """
# shop/models.py
from mongoengine import ReferenceField, StringField
from modelguard import Document


class User(Document):
    meta = {"allow_inheritance": True}


class Admin(User):
    pass


class Team(Document):
    lead = ReferenceField("Admin")
    owner_id = StringField(references="Usre")
""",
    """
# shop/models.py
from mongoengine import ReferenceField, StringField
from modelguard import Document


class User(Document):
    meta = {"allow_inheritance": True}


class Admin(User):
    pass


class Team(Document):
    lead = ReferenceField("User.Admin")
    owner_id = StringField(references="User")
""",
    _find,
)
