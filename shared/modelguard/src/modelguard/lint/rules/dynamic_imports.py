"""MG04: models imported by a text that only running the program tells."""

import re
from collections.abc import Callable, Iterator

from modelguard.lint.dynamic_advice import computed, known
from modelguard.lint.facts import UNKNOWN, Call, Expression
from modelguard.lint.finding import Finding
from modelguard.lint.index import Index
from modelguard.lint.modules import Module
from modelguard.lint.reading import facts_of
from modelguard.lint.rule import Rule

_CODE = "MG04"
_DEEPEST = 3  # exec of a text that calls exec of a text; and names given to names

# What a call imports: model modules, nothing, or (`None`) something that only running it would tell.
Answer = list[Module] | None
Judge = Callable[[Index, Module, Call], Answer]
Runner = Callable[[Index, Module, Call, int], Answer]  # the last: how many texts deep


def _find(index: Index) -> Iterator[Finding]:
    if not index.model_modules:
        return
    for module in index.modules:
        if not index.settings.looks_at(_CODE, module.path) or module.name == index.settings.loader:
            continue
        for call in module.facts.calls:
            yield from _judged(index, module, call)
        yield from _handed_over(index, module)


def _judged(index: Index, module: Module, call: Call) -> Iterator[Finding]:
    name = _watched(index, module, call.scope, call.call[1])
    if name is None:
        return
    line, column = call.call[4:6]
    imported = _answer(index, module, call, name)
    if imported is None:
        yield _computed(index, module, line, column, name, call.scope)
    elif imported:
        message, fix = known(index, name, imported)
        subject = f"{module.name}:{call.scope.partition('@')[0]}:{imported[0].name}"
        yield Finding(module.path, line, column + 1, _CODE, subject, message, fix)


def _handed_over(index: Index, module: Module) -> Iterator[Finding]:
    """`map(import_module, NAMES)`."""
    for use in module.facts.uses:
        name = _watched(index, module, use.scope, use.name) if use.is_handed_over else None
        if name is not None and name != "eval":  # as in `_by_expression`
            yield _computed(index, module, use.line, use.column, name, use.scope)


def _computed(index: Index, module: Module, line: int, column: int, name: str, scope: str) -> Finding:
    message, fix = computed(index, module, name)
    subject = f"{module.name}:{scope.partition('@')[0]}:{name}"
    return Finding(module.path, line, column + 1, _CODE, subject, message, fix)


def _watched(index: Index, module: Module, scope: str, name: str) -> str | None:
    """What a name means, if anything that it may mean imports: a fallback under `except` does, too."""
    meanings = index.symbols.meanings(module, scope, name) if name else []
    outside = (each.name.removeprefix("builtins.") for each in meanings if each.kind == "outside")
    return next((each for each in outside if each in _JUDGES or each in _RUNNERS), None)


def _answer(index: Index, module: Module, call: Call, name: str, depth: int = 0) -> Answer:
    runner = _RUNNERS.get(name)
    return _JUDGES[name](index, module, call) if runner is None else runner(index, module, call, depth)


def _argument(call: Call, position: int, keyword: str) -> Expression | None:
    _, _, positional, keywords, *_ = call.call
    if position < len(positional):
        found: Expression = positional[position]
        return found
    named: Expression | None = keywords.get(keyword)
    return named


def _text(index: Index, module: Module, call: Call, position: int, keyword: str) -> str | None:
    return index.symbols.text(module, call.scope, _argument(call, position, keyword) or UNKNOWN)


def _by_name(index: Index, module: Module, call: Call) -> Answer:
    name = _text(index, module, call, 0, "name")
    if name is None:
        return [] if _stays_elsewhere(index, module, call) else None
    if name.startswith("."):
        package = _text(index, module, call, 1, "package")
        if package is None:
            return None
        dots = len(name) - len(name.lstrip("."))
        base = package.split(".")
        name = ".".join([*base[: len(base) - dots + 1], *filter(None, [name[dots:]])])
    return _models(index, [index.symbols.named(module, name)])


def _by_import(index: Index, module: Module, call: Call) -> Answer:
    """`__import__("shop", fromlist=["models"])`; a level may make the name a relative one."""
    name = _text(index, module, call, 0, "name")
    if name is None:
        return _by_name(index, module, call)
    listed = _argument(call, 3, "fromlist") or UNKNOWN
    parts = listed[1] if listed[0] == "many" else []
    texts = [text for each in parts if (text := index.symbols.text(module, call.scope, each))]
    around = [name, f"{module.package}.{name}"] if _argument(call, 4, "level") else [name]
    names = [*around, *(f"{each}.{text}" for each in around for text in texts)]
    return _models(index, [index.symbols.named(module, each) for each in names])


def _stays_elsewhere(index: Index, module: Module, call: Call) -> bool:
    """Whether a name is computed inside a package that is known, and has no models."""
    known = index.symbols.beginning(module, call.scope, _argument(call, 0, "name") or UNKNOWN)
    package, dot, _ = known.rpartition(".")
    if not dot or not package:
        return False
    return not any(f"{each.name}.".startswith(f"{package}.") for each in index.model_modules | index.indexes)


def _by_attribute(index: Index, module: Module, call: Call) -> Answer:
    """`resolve_name("shop.models:User")`: the longest part that is a module."""
    name = _text(index, module, call, 0, "name")
    if name is None:
        return None
    parts = name.replace(":", ".").split(".")
    heads = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    found = next((each for each in (index.symbols.named(module, head) for head in heads) if each is not None), None)
    return _models(index, [found])


def _by_file(position: int, keyword: str) -> Judge:
    def judge(index: Index, module: Module, call: Call) -> Answer:
        path = _text(index, module, call, position, keyword)
        if path is None:
            return None
        tail = f"/{path.removeprefix('./').lstrip('/')}"
        return [each for each in index.modules if each.file.endswith(tail) and index.model_module(each)]

    return judge


def _by_object(index: Index, module: Module, call: Call) -> Answer:
    """`reload(module)`."""
    argument = _argument(call, 0, "module") or UNKNOWN
    symbol = index.symbols.meaning(module, call.scope, argument[1]) if argument[0] == "name" else None
    if symbol is None or symbol.kind not in {"module", "outside"}:
        return None
    return _models(index, [symbol.module])


def _by_walk(index: Index, module: Module, call: Call) -> Answer:
    """`walk_packages(shop.models.__path__)`."""
    argument = _argument(call, 0, "path") or UNKNOWN
    if argument[0] != "name" or not argument[1].endswith(".__path__"):
        return None
    package = index.symbols.meaning(module, call.scope, argument[1].removesuffix(".__path__"))
    if package is None or package.kind not in {"module", "outside"}:
        return None
    if package.module is None:
        return []
    inside = f"{package.module.spot}/"
    return [each for each in index.modules if each.spot.startswith(inside) and index.model_module(each)]


def _by_loader(index: Index, module: Module, call: Call) -> Answer:
    """`spec_from_loader("empty", loader=None)` runs no file: it is how an empty module is made."""
    return [] if _argument(call, 1, "loader") == ["none"] else _by_name(index, module, call)


def _by_code(index: Index, module: Module, call: Call, depth: int) -> Answer:
    """`exec("import shop.models")`."""
    return _run(index, module, _text(index, module, call, 0, "source"), depth)


def _by_expression(index: Index, module: Module, call: Call, depth: int) -> Answer:
    """`eval("__import__('shop.models')")`.

    An expression holds no import statement, only calls that import. So a computed one counts only if what is known of
    its text names such a call; nearly all others turn a text back into a number or a list.
    """
    source = _argument(call, 0, "source") or UNKNOWN
    text = index.symbols.text(module, call.scope, source)
    if text is None and _IMPORTING.isdisjoint(_words(module, source, 0)):
        return []
    return _run(index, module, text, depth)


def _words(module: Module, expression: Expression, depth: int) -> Iterator[str]:
    """The words of all texts and callees that an expression is made of, whatever the program adds to them."""
    match expression:
        case ["text", str(text)]:
            yield from re.findall(r"\w+", text)
        case ["name", str(name)] if depth < _DEEPEST:
            for each in module.facts.bindings:
                if each.name == name:
                    yield from _words(module, each.value, depth + 1)
        case ["joined" | "many", list(parts)]:
            for part in parts:
                yield from _words(module, part, depth)
        case ["call", str(name), list(positional), dict(keywords), *_]:
            owner, _, method = name.rpartition(".")
            yield method
            for part in (["name", owner], *positional, *keywords.values()):
                yield from _words(module, part, depth)


def _run(index: Index, module: Module, code: str | None, depth: int) -> Answer:
    if code is None or depth > _DEEPEST:
        return None
    inner = Module(module.path, module.file, module.name, facts_of(code.encode(errors="replace")))
    targets = [index.target(inner, each) for each in inner.facts.imports]
    found = [each for each in targets if each is not None]
    for each in inner.facts.calls:
        name = _watched(index, inner, each.scope, each.call[1])
        if name is not None:
            answer = _answer(index, inner, each, name, depth + 1)
            if answer is None:
                return None
            found += answer
    return found


def _models(index: Index, modules: list[Module | None]) -> Answer:
    return [each for each in modules if each is not None and index.model_module(each)]


_JUDGES: dict[str, Judge] = {
    "importlib.import_module": _by_name,
    "importlib.__import__": _by_import,
    "__import__": _by_import,
    "runpy.run_module": _by_name,
    "importlib.util.spec_from_file_location": _by_file(1, "location"),
    "importlib.util.spec_from_loader": _by_loader,
    "importlib.machinery.SourceFileLoader": _by_file(1, "path"),
    "imp.load_source": _by_file(1, "pathname"),
    "runpy.run_path": _by_file(0, "path_name"),
    "importlib.reload": _by_object,
    "imp.reload": _by_object,
    "pkgutil.walk_packages": _by_walk,
    "pkgutil.iter_modules": _by_walk,
    "pkgutil.resolve_name": _by_attribute,
    "pydoc.locate": _by_attribute,
}
_RUNNERS: dict[str, Runner] = {"exec": _by_code, "eval": _by_expression}
# `compile` makes of any text what `eval` runs like `exec`.
_IMPORTING = frozenset(name.rpartition(".")[2] for name in (*_JUDGES, *_RUNNERS)) | {"compile"}

RULE = Rule(
    _CODE,
    "A dynamic import of a model module.",
    "import_module, __import__, spec_from_file_location, runpy, exec, eval, reload and pkgutil walks register models "
    "where no reader looks; some of them run a file a second time under another name, and plain mongoengine then has "
    "two classes for one collection. A name that is computed may be any module; so may a computed text that exec runs. "
    "eval takes an expression, which imports only by calling something: a computed one is reported if the part of it "
    "that can be read names such a call, and passes if not.",
    "Import statically in the package that owns the models. Where a project has to load by name, do it in one module, "
    'and name that one: loader = "shop.loader" under [tool.modelguard].',
    """
# shop/models.py
from modelguard import Document


class User(Document):
    pass
# shop/start.py
from importlib import import_module

MODELS = "shop." + "models"
import_module(MODELS)
""",
    """
# shop/models.py
from modelguard import Document


class User(Document):
    pass
# shop/start.py
from importlib import import_module

import shop.models

import_module("shop.tasks")
""",
    _find,
)
