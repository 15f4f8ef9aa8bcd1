"""MG09: one collection used by two models that are not related."""

from collections.abc import Iterator

from modelguard.lint.finding import Finding
from modelguard.lint.index import Index, at
from modelguard.lint.models import Model
from modelguard.lint.rule import Rule

_CODE = "MG09"


def _find(index: Index) -> Iterator[Finding]:
    first: dict[tuple[str, str], Model] = {}
    for model in index.models_for(_CODE):
        if model.is_embedded or model.is_abstract or not model.is_registered_at_import:
            continue
        if model.collection is None or model.database is None:
            continue
        rival = first.setdefault((model.database, model.collection), model)
        # Two definitions of one name are MG08's affair.
        if rival.tree.registry_name != model.tree.registry_name and model is model.tree:
            yield _finding(rival.tree, model)


def _finding(first: Model, second: Model) -> Finding:
    message = (
        f"{second.registry_name} keeps its rows in {second.collection!r}, as {first.registry_name} does "
        f"({first.module.path}:{first.fact.line}), and the two are not related: each reads the other's rows"
    )
    fix = (
        f'give one of them another, to which its rows move: meta = {{"collection": "{second.collection}_2"}}; or let '
        "one derive from the other"
    )
    return at(second, _CODE, message, fix)


RULE = Rule(
    _CODE,
    "One collection used by two unrelated models.",
    "Each of them reads rows of the other, which fails or silently loses fields, and their indexes collide at the "
    "first query. Models of one inheritance tree share a collection on purpose.",
    'Give one of them another meta = {"collection": ...}.',
    """
# shop/models.py
from modelguard import Document


class User(Document):
    pass


class Account(Document):
    meta = {"collection": "user"}
""",
    """
# shop/models.py
from modelguard import Document


class User(Document):
    meta = {"allow_inheritance": True}


class Account(User):
    pass
""",
    _find,
)
