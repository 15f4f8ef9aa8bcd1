"""MG06: class decorators that a second run of the file would apply again."""

from collections.abc import Iterator

from modelguard.lint.finding import Finding
from modelguard.lint.index import Index, at
from modelguard.lint.models import Model
from modelguard.lint.rule import Rule

_CODE = "MG06"
_IDEMPOTENT = frozenset({"typing.final", "typing_extensions.final", "typing.no_type_check", "functools.total_ordering"})


def _find(index: Index) -> Iterator[Finding]:
    accepted = _IDEMPOTENT.union(index.settings.idempotent_decorators)
    for model in index.models_for(_CODE):
        for decorator in model.fact.decorators:
            meaning = index.symbols.meanings(model.module, model.fact.scope, decorator.name) if decorator.name else []
            names = [symbol.name for symbol in meaning] or [decorator.name]
            if not accepted.intersection([*names, decorator.name]):
                yield _finding(model, names[0], decorator.line, decorator.column)


def _finding(model: Model, name: str, line: int, column: int) -> Finding:
    message = (
        f"decorates the model {model.registry_name} with {name or 'an expression'}: when the file runs again, the "
        "guard gives back the same class, and it is decorated a second time"
    )
    setting = f'add to [tool.modelguard]: idempotent-decorators = ["{name}"]'
    accepted = setting if name else f"write behind it: # modelguard: allow {_CODE} because twice is as good as once"
    fix = f"do the work in a base class or in its __init_subclass__; or, if twice does no harm, {accepted}"
    return at(model, _CODE, message, fix, line=line, column=column)


RULE = Rule(
    _CODE,
    "A class decorator on a model that is not known to be idempotent.",
    "A definition that runs again gives back the same class, and the decorator is applied to it once more: methods are "
    "wrapped twice, handlers are connected twice.",
    "Use a base class instead; or make sure that twice is as good as once, and list the decorator in "
    "idempotent-decorators under [tool.modelguard].",
    """
# shop/models.py
from modelguard import Document
from shop.search import indexed


@indexed
class User(Document):
    pass
""",
    """
# shop/search.py
from modelguard import Document


class Indexed(Document):
    meta = {"abstract": True}

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        cls.is_indexed = True
# shop/models.py
from typing import final

from shop.search import Indexed


@final  # known to be idempotent
class User(Indexed):
    pass
""",
    _find,
)
