"""MG12: state in model modules that a second run of the file would make again."""

from collections.abc import Iterator

from modelguard.lint.facts import UNKNOWN, Call
from modelguard.lint.finding import Finding
from modelguard.lint.index import Index, at
from modelguard.lint.models import Model
from modelguard.lint.modules import Module
from modelguard.lint.rule import Rule
from modelguard.lint.symbols import Symbol

_CODE = "MG12"
_CONNECTING = frozenset(
    f"mongoengine{module}.{name}" for module in ("", ".connection") for name in ("connect", "register_connection")
)
_ENUMS = frozenset(f"enum.{name}" for name in ("Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"))
_QUERIES = ".objects"


def _find(index: Index) -> Iterator[Finding]:
    for model in index.classes:
        if model.module in index.model_modules and index.settings.looks_at(_CODE, model.module.path):
            yield from _enum(index, model)
    for module in index.modules:
        if index.settings.looks_at(_CODE, module.path):
            yield from _in_module(index, module)


def _in_module(index: Index, module: Module) -> Iterator[Finding]:
    if module in index.model_modules:
        yield from _called_enums(index, module)
    for call in module.facts.calls:
        if call.runs_at_import:
            yield from _of_call(index, module, call)
    for use in module.facts.uses:
        if "f:" not in use.scope and not use.is_handed_over:
            yield from _query(index, module, use.name, use.scope, use.line, use.column)
            if module in index.model_modules and use.name.endswith(".connect"):
                yield from _connection(index, module, use.name, use.scope, use.line, use.column)


def _enum(index: Index, model: Model) -> Iterator[Finding]:
    if model.fact.nesting:  # in a model's body, the kept class keeps it; in a function, it is nobody's state
        return
    bases = [symbol for each in (model, *model.ancestors) for _, symbol in each.bases if symbol is not None]
    if any(symbol.kind == "outside" and symbol.name.startswith("enum.") for symbol in bases):
        yield at(model, _CODE, *_said_of_enum(index, model.module, model.fact.name))


def _called_enums(index: Index, module: Module) -> Iterator[Finding]:
    """`Kind = Enum("Kind", "STAFF GUEST")`."""
    for each in module.facts.bindings:
        if each.scope or each.value[0] != "call":
            continue
        symbol = index.symbols.meaning(module, "", each.value[1])
        if symbol is not None and symbol.kind == "outside" and symbol.name in _ENUMS:
            message, fix = _said_of_enum(index, module, each.name)
            line, column = each.value[4:6]
            yield Finding(module.path, line, column + 1, _CODE, f"{module.name}.{each.name}", message, fix)


def _said_of_enum(index: Index, module: Module, name: str) -> tuple[str, str]:
    message = (
        f"defines the enum {name} beside models: when the file runs again the kept model class still knows the old "
        f"{name}, and refuses members of the new one"
    )
    return message, f"move it to a file without models, and write: from {_beside(index, module)} import {name}"


def _beside(index: Index, module: Module) -> str:
    """A name for a file that has no models, or is not there yet."""
    package = module.name.rpartition(".")[0]
    names = [f"{package}.{name}" if package else name for name in ("states", "enums", "kinds")]
    taken = {each.name for each in index.model_modules}
    return next((name for name in names if name not in taken), names[0])


def _of_call(index: Index, module: Module, call: Call) -> Iterator[Finding]:
    _, name, _, _, line, column = call.call
    yield from _query(index, module, name, call.scope, line, column)
    if module in index.model_modules and not _connects_what_stays(index, module, call):
        yield from _connection(index, module, name, call.scope, line, column)


def _connects_what_stays(index: Index, module: Module, call: Call) -> bool:
    """`post_save.connect(User.saved, sender=User)`: blinker connects a receiver once, however often this file runs.

    The guard keeps a model and so its methods. What another file defines is not made anew by running this one.
    """
    _, name, positional, keywords, *_ = call.call
    if not (name.endswith(".connect") and _is_signal(index.symbols.meaning(module, call.scope, name))):
        return False
    handler = next(iter(positional), keywords.get("receiver", UNKNOWN))
    if handler[0] != "name":
        return False
    owner = index.symbols.meaning(module, call.scope, handler[1].rpartition(".")[0])
    found = index.symbols.meanings(module, call.scope, handler[1])
    return index.model_of(owner) is not None or bool(found and all(each.module is not module for each in found))


def _is_signal(symbol: Symbol | None) -> bool:
    return symbol is not None and (symbol.kind == "value" or symbol.name.startswith("mongoengine.signals."))


def _connection(index: Index, module: Module, name: str, scope: str, line: int, column: int) -> Iterator[Finding]:
    symbol = index.symbols.meaning(module, scope, name)
    if symbol is None:
        return
    if symbol.name.endswith((".connect", ".connect_via")) and _is_signal(symbol):
        message = (
            f"connects a handler with {name} while the model module is imported: a run under a second name connects it "
            "twice"
        )
        fix = (
            f"make the handler a method of a model, as in {name.replace('connect_via', 'connect')}(User.saved, "
            "sender=User); or connect it in a function that the program calls once, at start"
        )
    elif symbol.kind == "outside" and symbol.name in _CONNECTING:
        message = (
            f"calls {name} while the model module is imported: who imports a model opens a connection, or a second"
        )
        fix = f"put it into a function that the program calls at start: def open_database(): {name}(...)"
    else:
        return
    yield Finding(module.path, line, column + 1, _CODE, f"{module.name}:{name}", message, fix)


def _query(index: Index, module: Module, name: str, scope: str, line: int, column: int) -> Iterator[Finding]:
    head, found, rest = name.partition(_QUERIES)
    if not found or (rest and not rest.startswith(".")):
        return
    model = index.model_of(index.symbols.meaning(module, scope, head))
    if model is not None:
        message = (
            f"queries {model.fact.name} while {module.name} is imported: the import needs the database, and the query "
            "set outlives the class and the connection of that moment"
        )
        fix = f"put the query into a function: def find(): return {head}.objects(...)"
        yield Finding(module.path, line, column + 1, _CODE, f"{module.name}:{name}", message, fix)


RULE = Rule(
    _CODE,
    "State beside models: an enum, a connection, a signal handler, or a query set made at import time.",
    "The guard keeps the class when a file runs again; everything else in that file is new. An enum then has a second "
    "identity that the kept class does not know, and a handler that the file defines is connected twice, once for each "
    "name the file runs under (a method of a model, or a handler that another file defines, is not).",
    "Keep model modules to models: put enums next door, connect where the program starts, query in functions.",
    """
# shop/models.py
from enum import Enum

from mongoengine import EnumField, connect
from modelguard import Document


class Kind(Enum):
    STAFF = "staff"


class User(Document):
    kind = EnumField(Kind)


connect("shop")
STAFF = User.objects(kind=Kind.STAFF)
""",
    """
# shop/states.py
from enum import Enum


class Kind(Enum):
    STAFF = "staff"
# shop/models.py
from mongoengine import EnumField
from modelguard import Document
from shop.states import Kind


class User(Document):
    kind = EnumField(Kind)


def staff():
    return User.objects(kind=Kind.STAFF)
""",
    _find,
)
