"""MG08: one registry name in two places."""

from collections import defaultdict
from collections.abc import Iterator

from modelguard.lint.finding import Finding
from modelguard.lint.index import Index, at
from modelguard.lint.models import Model
from modelguard.lint.rule import Rule

_CODE = "MG08"


def _find(index: Index) -> Iterator[Finding]:
    by_name: dict[str, list[Model]] = defaultdict(list)
    by_place: dict[tuple[str, str], list[Model]] = defaultdict(list)
    for model in index.models_for(_CODE):
        if model.is_registered_at_import:
            by_name[model.registry_name].append(model)
            by_place[model.module.real, model.fact.qualname].append(model)
    for models in by_place.values():
        yield from _at_one_place(models)
    for name, models in by_name.items():
        for number, model in enumerate(models):
            rival = next((each for each in models[:number] if not _is_the_same(each, model)), None)
            if rival is not None:
                yield _finding(name, rival, model)


def _at_one_place(models: list[Model]) -> Iterator[Finding]:
    """Statements of one qualified name in a file whose bases give them different registry names."""
    first = models[0]
    for model in models[1:]:
        if model.registry_name != first.registry_name and not _is_the_same(first, model):
            message = (
                f"defines {model.fact.name!r} again, which line {first.fact.line} defines as {first.registry_name!r}: "
                "to the guard this is an edit of that class, and refused"
            )
            yield at(model, _CODE, message, "give one of the two classes another name")


def _is_the_same(one: Model, other: Model) -> bool:
    """Whether the guard would give back the first class, or only one of the two ever runs."""
    if one.module.real != other.module.real:
        return False
    if one.module is not other.module:  # one file under two paths
        return one.fact.qualname == other.fact.qualname
    if one.fact.qualname == other.fact.qualname and one.fact.text == other.fact.text:
        return True
    arms = dict(each.split(":") for each in one.fact.branches)
    return any(arms.get(number, arm) != arm for number, arm in (each.split(":") for each in other.fact.branches))


def _finding(name: str, first: Model, second: Model) -> Finding:
    kinds = "" if first.is_embedded == second.is_embedded else ", of the other kind"
    message = (
        f"defines the model {name!r}, which {first.module.path}:{first.fact.line} defines too{kinds}: the guard "
        "refuses the second one, plain mongoengine replaces the first"
    )
    return at(second, _CODE, message, _fix(first, second))


def _fix(first: Model, second: Model) -> str:
    rename = "rename one of the two"
    if not second.is_embedded and not second.is_abstract and second.fact.options.get("collection") is None:
        rename += " (its collection is named after it, unless its meta says another)"
    if first.is_embedded != second.is_embedded:
        return rename
    if first.module is second.module:
        return f"{rename}, or drop one"
    return f"{rename}, or write: from {first.module.name} import {first.fact.name}"


RULE = Rule(
    _CODE,
    "One registry name in two places.",
    "mongoengine has one namespace per process, for documents and embedded documents of all packages. The guard raises "
    "ModelConflictError at the import of the second; without it, the last import wins.",
    "Rename one of the two, or import the first instead of defining it again. The collection is named after the class: "
    'with meta = {"collection": "user"} a renamed document keeps its rows.',
    """
# shop/models.py
from modelguard import Document


class User(Document):
    pass
# billing/models.py
from modelguard import Document


class User(Document):
    meta = {"collection": "billing_users"}
""",
    """
# shop/models.py
from modelguard import Document


class User(Document):
    pass
# billing/models.py
from modelguard import Document


class Payer(Document):
    meta = {"collection": "billing_users"}
""",
    _find,
)
