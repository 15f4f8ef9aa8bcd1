"""MG02 and MG03: imports of models anywhere but at the top of a file."""

from collections.abc import Iterator

from modelguard.lint.facts import BLOCKS, Import
from modelguard.lint.finding import Finding
from modelguard.lint.import_statements import Advice
from modelguard.lint.index import Index
from modelguard.lint.modules import Module
from modelguard.lint.rule import Rule

_INNER, _CONDITIONAL = "MG02", "MG03"
_REASONS = {
    "function": "unless another file imports it at the top, its models are missing until that runs",
    "class": "an import of models is looked for at the top of a file, by readers and by tools",
}


def _find_inner(index: Index) -> Iterator[Finding]:
    advice = Advice(index)
    for module, each, target in _misplaced(index, _INNER):
        if each.scope:
            kind, name = _innermost(each.scope)
            message = f"imports the model module {target.name} inside the {kind} {name}: {_REASONS[kind]}"
            yield _finding(module, each, target, _INNER, (message, advice.at_the_top(module, each, target)))


def _find_conditional(index: Index) -> Iterator[Finding]:
    advice = Advice(index)
    for module, each, target in _misplaced(index, _CONDITIONAL):
        if not each.scope and each.nesting:
            message = (
                f"imports the model module {target.name} under `{BLOCKS[each.nesting[-1]]}`: whether its models are "
                "registered depends on what happens there"
            )
            yield _finding(module, each, target, _CONDITIONAL, (message, advice.at_the_top(module, each, target)))


def _misplaced(index: Index, code: str) -> Iterator[tuple[Module, Import, Module]]:
    """Imports of models below the top level, each statement once."""
    for module in index.modules:
        if not index.settings.looks_at(code, module.path):
            continue
        seen: set[tuple[int, int, str]] = set()
        for each in module.facts.imports:
            if each.nesting and not each.typing and (target := index.target(module, each)) is not None:
                key = (each.line, each.column, target.name)
                if key not in seen:
                    seen.add(key)
                    yield module, each, target


def _finding(module: Module, each: Import, target: Module, code: str, said: tuple[str, str]) -> Finding:
    message, fix = said
    subject = f"{module.name}:{each.scope.partition('@')[0]}:{target.name}"
    return Finding(module.path, each.line, each.column + 1, code, subject, message, fix)


def _innermost(scope: str) -> tuple[str, str]:
    letter, _, rest = scope.rstrip("/").rpartition("/")[2].partition(":")
    return BLOCKS[letter], rest.partition("@")[0]


_MODEL = """
# shop/models/__init__.py
from shop.models.user import User

__all__ = ["User"]
# shop/models/user.py
from modelguard import Document


class User(Document):
    pass
"""

INNER = Rule(
    _INNER,
    "An import of a model module inside a function or a class body.",
    "The models of that module are registered at the first call, not at start: check() cannot see them, references to "
    "them dangle until then, and a retried call may run a half-imported module again.",
    "Import at the top of the file. If that closes a circle, import from the file that defines the model, name it by a "
    'text in fields, as in ReferenceField("User"), and look it up in functions: modelguard.require("User").',
    f"""{_MODEL}
# shop/tasks.py
def greet(key):
    from shop.models import User

    return User.objects.get(pk=key)
""",
    f"""{_MODEL}
# shop/tasks.py
from shop.models import User


def greet(key):
    return User.objects.get(pk=key)
""",
    _find_inner,
)
CONDITIONAL = Rule(
    _CONDITIONAL,
    "An import of a model module under if, try, with, for, while or match.",
    "Two processes of one release then hold different sets of models: a reference that works here dangles there. Under "
    "`if TYPE_CHECKING` nothing runs, so that is allowed.",
    "Import at the top of the file, without a condition; for annotations alone, `if TYPE_CHECKING` will do.",
    f"""{_MODEL}
# shop/tasks.py
try:
    from shop.models import User
except ImportError:
    User = None
""",
    f"""{_MODEL}
# shop/tasks.py
from shop.models import User
""",
    _find_conditional,
)
