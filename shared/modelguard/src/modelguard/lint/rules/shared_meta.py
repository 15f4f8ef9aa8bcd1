"""MG13: one meta dict for two classes."""

from collections.abc import Iterator

from modelguard.lint.finding import Finding
from modelguard.lint.index import Index, at
from modelguard.lint.models import Model
from modelguard.lint.rule import Rule

_CODE = "MG13"


def _find(index: Index) -> Iterator[Finding]:
    first: dict[str, Model] = {}
    for model in index.models_for(_CODE):
        name = _dict_of(index, model)
        if name is None:
            continue
        rival = first.setdefault(name, model)
        owner = _owner(index, model)
        if rival is not model or owner is not None:
            fix = _own_options(model) if owner is None else _common_base(owner)
            yield _finding(model, owner if owner is not None else rival, name, fix)


def _dict_of(index: Index, model: Model) -> str | None:
    """The dotted name of the dict that the class was given; None if it has one of its own."""
    meta = model.fact.meta
    if meta is None or meta[0] != "name":
        return None
    symbol = index.symbols.meaning(model.module, model.fact.inner, meta[1])
    return symbol.name if symbol is not None and symbol.kind in {"value", "outside"} else meta[1]


def _owner(index: Index, model: Model) -> Model | None:
    """The class in `meta = Other.meta`."""
    meta = model.fact.meta or ["other", ""]
    head, _, last = meta[1].rpartition(".")
    if last not in {"meta", "_meta"}:
        return None
    symbol = index.symbols.meaning(model.module, model.fact.scope, head)
    return index.classes.of(symbol) if symbol is not None and symbol.kind == "class" else None


def _own_options(model: Model) -> str:
    written = (model.fact.meta or ["name", "..."])[1]
    copy = f"write: meta = {{**{written}}}"
    return copy if model.is_embedded else f"{copy}; if {written} names a collection, name another behind it"


def _common_base(owner: Model) -> str:
    """Not by a copy: a finished class has no `meta`, and its `_meta` names its collection."""
    return (
        f"write the options out, or move them from {owner.fact.name} to a base of both: "
        'meta = {"abstract": True, ...}'
    )


def _finding(model: Model, other: Model, name: str, fix: str) -> Finding:
    message = (
        f"{model.fact.name} has the very meta dict {name} that {other.fact.name} has "
        f"({other.module.path}:{other.fact.line}): mongoengine writes into it, so one changes the other"
    )
    return at(model, _CODE, message, fix, line=model.fact.meta_line, column=0)


RULE = Rule(
    _CODE,
    "A meta dict object shared by two classes.",
    "mongoengine writes into the dict it is given: `abstract` appears in it, `collection` disappears from it. What one "
    "class leaves there is what the next one gets.",
    "Give each class a dict of its own, by a copy or by inheritance from an abstract base.",
    """
# shop/models.py
from modelguard import Document

STRICT = {"strict": True}


class User(Document):
    meta = STRICT


class Role(Document):
    meta = STRICT
""",
    """
# shop/models.py
from modelguard import Document

STRICT = {"strict": True}


class User(Document):
    meta = {**STRICT}


class Role(Document):
    meta = {**STRICT, "collection": "roles"}
""",
    _find,
)
