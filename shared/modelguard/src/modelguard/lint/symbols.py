"""What a name means: a module, a class, a text, something outside of the project, or a value nothing is known of."""

import builtins
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from modelguard.lint.answers import Answers
from modelguard.lint.facts import MODULE, Binding, Class, Expression, Import
from modelguard.lint.libraries import brings, may_bring
from modelguard.lint.modules import Module, Names

_BUILTINS = frozenset(dir(builtins))
_LONGEST_TEXT = 100_000  # of texts put together: `x = x + x` doubles with each step
_IMPORTING = frozenset({"importlib.import_module", "builtins.__import__"})


class Symbol(NamedTuple):
    """What a dotted name stands for.

    Attributes:
        kind: `module`, `class`, `text`, `outside` (a dotted name of another distribution), or `value`.
        name: the dotted name where it is defined; of a `text`, the text.
        module: the project's module it is, or is defined in.
        fact: the class statement of a `class`.
        value: the expression of a `value`, as far as facts keep it.
    """

    kind: str
    name: str
    module: Module | None = None
    fact: Class | None = None
    value: Expression | None = None


class Symbols:
    """Follows names through imports, re-exports, aliases and star imports."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._classes: dict[Module, dict[str, Class]] = {}
        self._answers = Answers(_distinct)

    def meanings(self, module: Module, scope: str, dotted: str) -> list[Symbol]:
        """All that a dotted name may mean there; several if it is bound several times; none if nothing is known."""
        return self._answers.to((module, scope, dotted), lambda: self._meanings(module, scope, dotted))

    def meaning(self, module: Module, scope: str, dotted: str) -> Symbol | None:
        """The first of `meanings`."""
        found = self.meanings(module, scope, dotted) if dotted else []
        return found[0] if found else None

    def single(self, module: Module, scope: str, expression: Expression) -> Symbol | None:
        """What an expression that is a name means, if that is one thing."""
        found = self.meanings(module, scope, expression[1]) if expression[0] == "name" else []
        return found[0] if len(found) == 1 else None

    def imported(self, module: Module, each: Import) -> Module | Symbol | None:
        """The module that an import statement names, before any `import` of it; a Symbol if it is outside."""
        if each.level:
            return self._names.relative(module, each.level, each.module)
        return self._names.absolute(module, each.module) or Symbol("outside", each.module)

    def named(self, importer: Module, name: str) -> Module | None:
        """The project's module of an absolute name."""
        return self._names.absolute(importer, name)

    def submodule(self, package: Module, name: str) -> Module | None:
        """The module of that last name in a package."""
        return self._names.inside(package, name)

    def binds(self, module: Module, name: str) -> bool:
        """Whether the top level of a module gives a name something else than the package's own submodule.

        `from . import user` in `__init__.py` only says that there is a module of that name.
        """
        bound = module.bound.get(("", name), ())
        return any(
            isinstance(each, Binding) or each.name != name or self.imported(module, each) is not module
            for each in bound
        )

    def _meanings(self, module: Module, scope: str, dotted: str) -> Iterator[Symbol]:
        head, dot, rest = dotted.rpartition(".")
        if dot:
            for owner in self.meanings(module, scope, head):
                yield from self._member(owner, rest)
        else:
            yield from self._of_name(module, scope, rest)

    def _of_name(self, module: Module, scope: str, name: str) -> Iterable[Symbol]:
        """What a name without dots means, looked up from the innermost scope outwards."""
        if name.startswith(MODULE):
            return [self._absolute(module, name.removeprefix(MODULE))]
        for each in _outwards(scope):
            if (each, name) in module.bound:
                return self._given(module, each, name)
        return self._starred(module, name) or _always_there(module, name)

    def _given(self, module: Module, scope: str, name: str) -> Iterator[Symbol]:
        """All that is bound to a name in one scope."""
        bound = module.bound.get((scope, name), [])
        later = [] if scope else list(self._stars_after(module, name, bound))
        if not any(not star.nesting for star in later):
            for each in bound:
                yield from self._bound(module, each)
        for star in later:
            yield from self._through_star(module, star, name)

    def _stars_after(self, module: Module, name: str, bound: Iterable[Binding | Import]) -> Iterator[Import]:
        """Star imports below all imports of a name that bring it as well: the last one counts.

        `from mongoengine import *` below `from modelguard import Document` brings mongoengine's own Document.
        """
        lines = [each.line for each in bound if isinstance(each, Import)]
        if len(lines) == len(list(bound)):
            for star in module.stars:
                if star.line > max(lines, default=0) and self._through_star(module, star, name):
                    yield star

    def _through_star(self, module: Module, star: Import, name: str) -> list[Symbol]:
        """What a star import is known to bind to a name; nothing if it does not bind it."""
        source = self.imported(module, star)
        if isinstance(source, Symbol):
            return [Symbol("outside", f"{source.name}.{name}")] if brings(source.name, name) else []
        if source is None or not _hands_on(source, name):
            return []
        return self._answers.to((source, "*", name), lambda: self._in_module(source, name))

    def _bound(self, module: Module, binding: Binding | Import) -> Iterable[Symbol]:
        if isinstance(binding, Import):
            return self._through_import(module, binding)
        if binding.kind == "class":
            fact = self._class(module, binding.value[1])
            return [Symbol("class", f"{module.name}.{fact.qualname}", module, fact)]
        if binding.kind == "module":
            return [self._absolute(module, binding.value[1])]
        return self._value(module, binding)

    def _value(self, module: Module, binding: Binding) -> Iterable[Symbol]:
        unknown = [Symbol("value", f"{module.name}.{binding.name}", module, None, binding.value)]
        match binding.value:
            case ["name", str(name)] if name != binding.name:
                return self.meanings(module, binding.scope, name)
            case ["either", list(values)]:
                each_one = [self._value(module, binding._replace(value=value)) for value in values]
                return [symbol for one in each_one for symbol in one]
            case ["call", str(name), [argument, *_], *_] if self._imports(module, binding.scope, name):
                imported = self.text(module, binding.scope, argument)
                return [self._absolute(module, imported)] if imported else unknown
        found = self.text(module, binding.scope, binding.value)
        return unknown if found is None else [Symbol("text", found)]

    def _imports(self, module: Module, scope: str, name: str) -> bool:
        """Whether a callee gives back the module that its argument names."""
        if name.rpartition(".")[2] not in {"import_module", "__import__"}:
            return False
        return any(each.name in _IMPORTING for each in self.meanings(module, scope, name))

    def _through_import(self, module: Module, each: Import) -> Iterable[Symbol]:
        if each.name is None:
            return [self._absolute(module, each.module.partition(".")[0])]
        source = self.imported(module, each)
        if isinstance(source, Module):
            return self._of_module(source, each.name)
        return [] if source is None else self._member(source, each.name)

    def _absolute(self, module: Module, name: str) -> Symbol:
        found = self._names.absolute(module, name)
        return Symbol("outside", name) if found is None else Symbol("module", found.name, found)

    def _member(self, owner: Symbol, name: str) -> Iterable[Symbol]:
        if owner.kind == "module" and owner.module is not None:
            return self._of_module(owner.module, name)
        if owner.kind == "class" and owner.module is not None and owner.fact is not None:
            found = self._of_class(owner.module, owner.fact, name)
            if found:
                return found
        return [Symbol("outside" if owner.kind == "outside" else "value", f"{owner.name}.{name}", owner.module)]

    def _of_class(self, module: Module, fact: Class, name: str) -> list[Symbol]:
        """What a class body gives a name to: a class inside, or an alias."""
        bound = module.bound.get((fact.inner, name), [])
        known = [each for each in bound if isinstance(each, Binding) and (each.kind == "class" or _is_alias(each))]
        return [symbol for each in known for symbol in self._bound(module, each)]

    def _of_module(self, module: Module, name: str) -> list[Symbol]:
        return self._answers.to(
            (module, ".", name),
            lambda: self._in_module(module, name) or [Symbol("value", f"{module.name}.{name}", module)],
        )

    def _in_module(self, module: Module, name: str) -> Iterable[Symbol]:
        """What a module has under a name; nothing if it seems to have nothing."""
        if self.binds(module, name):
            return self._given(module, "", name)
        inside = self._names.inside(module, name)
        if inside is not None:
            return [Symbol("module", inside.name, inside)]
        return self._starred(module, name)

    def _starred(self, module: Module, name: str) -> Iterable[Symbol]:
        """What the star imports of a module bring under a name; the last that has it counts."""
        for each in reversed(module.stars):
            if found := self._through_star(module, each, name):
                return found
        for each in reversed(module.stars):
            source = self.imported(module, each)
            if isinstance(source, Symbol) and name not in _BUILTINS and may_bring(source.name, name):
                return [Symbol("outside", f"{source.name}.{name}")]
        return []

    def _class(self, module: Module, inner: str) -> Class:
        known = self._classes.get(module)
        if known is None:
            known = {each.inner: each for each in module.facts.classes}
            self._classes[module] = known
        return known[inner]

    def text(self, module: Module, scope: str, expression: Expression) -> str | None:
        """The text that an expression comes to; None if only running it would tell."""
        match expression:
            case ["text", str(text)]:
                return text
            case ["name", str(name)]:
                found = self.meanings(module, scope, name)
                return found[0].name if len(found) == 1 and found[0].kind == "text" else None
            case ["joined", list(parts)]:
                pieces = [piece for part in parts if (piece := self.text(module, scope, part)) is not None]
                known = len(pieces) == len(parts) and sum(map(len, pieces)) <= _LONGEST_TEXT
                return "".join(pieces) if known else None
        return None

    def beginning(self, module: Module, scope: str, expression: Expression) -> str:
        """The text that an expression begins with, as far as that can be said."""
        if expression[0] != "joined":
            return self.text(module, scope, expression) or ""
        found = ""
        for part in expression[1]:
            piece = self.text(module, scope, part)
            if piece is None:
                break
            found += piece
        return found


def _distinct(symbols: Iterable[Symbol]) -> list[Symbol]:
    """Each once: two statements of one name are two, and a name with two values has none that could be followed."""
    found: dict[tuple[object, ...], Symbol] = {}
    for each in symbols:
        key = (each.kind, each.name, each.fact and each.fact.inner)
        known = found.setdefault(key, each)
        if known.value != each.value:
            found[key] = known._replace(value=None)
    return list(found.values())


def _outwards(scope: str) -> Iterator[str]:
    """The scopes that a name is looked up in: a class around the innermost block does not count."""
    yield scope
    while scope:
        scope = scope.rstrip("/").rpartition("/")[0]
        scope = f"{scope}/" if scope else ""
        if not scope.rstrip("/").rpartition("/")[2].startswith("c:"):
            yield scope


def _always_there(module: Module, name: str) -> list[Symbol]:
    """What every module has."""
    match name:
        case "__name__":
            return [Symbol("text", module.name)]
        case "__package__":
            return [Symbol("text", module.package)]
        case "__builtins__":
            return [Symbol("outside", "builtins")]
    return [Symbol("outside", f"builtins.{name}")] if name in _BUILTINS else []


def _hands_on(source: Module, name: str) -> bool:
    """Whether a star import of a module brings a name, if it has that."""
    listed = source.facts.exported
    return not name.startswith("_") if listed is None else name in listed


def _is_alias(binding: Binding) -> bool:
    return binding.kind == "value" and binding.value[0] in {"name", "either"}
