"""MG01: models on unguarded bases."""

from collections.abc import Iterator

from modelguard.lint.finding import Finding
from modelguard.lint.index import Index, at
from modelguard.lint.libraries import NAMES
from modelguard.lint.models import Model
from modelguard.lint.rule import Rule

_CODE = "MG01"


def _find(index: Index) -> Iterator[Finding]:
    for model in sorted(index.classes, key=lambda each: (each.module.path, each.fact.line)):
        if not index.settings.looks_at(_CODE, model.module.path) or index.classes.bases.is_base(model.name):
            continue
        if model.is_model and not model.is_guarded:
            yield _plain(model, index)
        elif not model.is_model and model.unresolved and _looks_like_model(index, model):
            yield _unknown(model)


def _looks_like_model(index: Index, model: Model) -> bool:
    """It has fields; or its base is an attribute of some object, and named as mongoengine's: `db.Document`."""
    bases = (base for each in (model, *model.ancestors) for base in each.bases)
    return index.fields.has_any(model) or any(
        name.rpartition(".")[2] in NAMES and symbol is not None and symbol.kind == "value" for name, symbol in bases
    )


def _plain(model: Model, index: Index) -> Finding:
    library = next(name for name in model.library_bases if not index.classes.bases.is_guarded(name))
    parent = next((each for each in model.parents if each.is_model), None)
    if parent is not None:
        way = f"{model.fact.name} derives from {parent.fact.name} ({parent.module.path}:{parent.fact.line}), which "
        fix = f"guard {parent.fact.name}, then this one is guarded too"
    else:
        way = f"{model.fact.name} "
        fix = _import_of(model, _kind(library), index)
    message = f"{way}stands on {library}, which is not guarded: a second definition would replace it without a word"
    return at(model, _CODE, message, fix)


def _import_of(model: Model, kind: str, index: Index) -> str:
    """The import to write, so that the class statement takes its base from there."""
    written = next(
        name for name, symbol in model.bases if symbol is not None and index.classes.bases.is_base(symbol.name)
    )
    if "." in written:
        return f"write: from modelguard import {kind}; and here: {kind} in place of {written}"
    line = f"write: from modelguard import {kind}" + (f" as {written}" if written != kind else "")
    named = (model.fact.scope, written) in model.module.bound or ("", written) in model.module.bound
    return line if named else f"{line}, below the star import that brings {written}"


def _unknown(model: Model) -> Finding:
    unresolved = list(dict.fromkeys(model.unresolved))
    message = (
        f"{model.fact.name} looks like a model, but its base {', '.join(unresolved)} cannot be followed: it may not be "
        "guarded"
    )
    names = [
        symbol.name
        for each in (model, *model.ancestors)
        for _, symbol in each.bases
        if symbol is not None and symbol.kind in {"value", "outside"}
    ]
    fix = f"derive it from modelguard's: from modelguard import {_kind(unresolved[0])}"
    if names:
        fix += f'; or say what {unresolved[0]} is, in [tool.modelguard]: plain-bases = ["{names[0]}"], or guarded-bases'
    return at(model, _CODE, message, fix)


def _kind(base: str) -> str:
    """The base of modelguard that comes nearest to another."""
    last = base.rpartition(".")[2]
    return last if last in NAMES else "EmbeddedDocument" if last.endswith("EmbeddedDocument") else "Document"


RULE = Rule(
    _CODE,
    "A model whose base is not guarded.",
    "mongoengine keeps one registry per process, and the last class of a name wins: a reload, a second import path or "
    "a copied file replaces the model without a word. A base that cannot be followed is reported as such.",
    "Import the bases from modelguard; fields and queries stay mongoengine's.",
    """
# shop/models.py
from mongoengine import Document, StringField


class User(Document):
    name = StringField()
""",
    """
# shop/models.py
from mongoengine import StringField
from modelguard import Document


class User(Document):
    name = StringField()
""",
    _find,
)
