"""What a name means: a module, a class, a text, something outside of the project, or a value nothing is known of."""

import builtins
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from modelguard.lint.facts import Binding, Class, Expression, Import
from modelguard.lint.modules import Module, Names

_LONGEST_CHAIN = 30  # of re-exports and aliases: an endless one ends here
_BUILTINS = frozenset(dir(builtins))
# What `from mongoengine import *` and the like bring, as far as rules know the name.
_LIBRARIES = ("mongoengine", "modelguard")


class Symbol(NamedTuple):
    """What a dotted name stands for.

    Attributes:
        kind: `module`, `class`, `text`, `outside` (a dotted name of another distribution), or `value`.
        name: the dotted name where it is defined; of a `text`, the text.
        module: the project's module it is, or is defined in.
        fact: the class statement of a `class`.
    """

    kind: str
    name: str
    module: Module | None = None
    fact: Class | None = None


class Symbols:
    """Follows names through imports, re-exports, aliases and star imports."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._classes: dict[int, dict[str, Class]] = {}
        self._known: dict[tuple[int, str, str], list[Symbol]] = {}

    def meanings(self, module: Module, scope: str, dotted: str) -> list[Symbol]:
        """All that a dotted name may mean there; several if it is bound several times; none if nothing is known."""
        key = (id(module), scope, dotted)
        if key not in self._known:
            self._known[key] = _distinct(self._meanings(module, scope, dotted, 0))
        return self._known[key]

    def meaning(self, module: Module, scope: str, dotted: str) -> Symbol | None:
        """The first of `meanings`."""
        found = self.meanings(module, scope, dotted) if dotted else []
        return found[0] if found else None

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

    def _meanings(self, module: Module, scope: str, dotted: str, depth: int) -> Iterator[Symbol]:
        head, *rest = dotted.split(".")
        for found in self._heads(module, scope, head, depth):
            current = [found]
            for part in rest:
                current = [each for one in current for each in self._member(one, part, depth)]
            yield from current

    def _heads(self, module: Module, scope: str, name: str, depth: int) -> list[Symbol]:
        for each in _outwards(scope):
            bound = module.bound.get((each, name))
            if bound:
                return [symbol for binding in bound for symbol in self._bound(module, binding, depth)]
        found = self._starred(module, name, depth)
        if found:
            return found
        if name == "__name__":
            return [Symbol("text", module.name)]
        if name == "__package__":
            return [Symbol("text", module.package)]
        return [Symbol("outside", f"builtins.{name}")] if name in _BUILTINS else []

    def _bound(self, module: Module, binding: Binding | Import, depth: int) -> Iterator[Symbol]:
        if depth > _LONGEST_CHAIN:
            return
        if isinstance(binding, Import):
            yield from self._through_import(module, binding, depth + 1)
        elif binding.kind == "class":
            fact = self._class(module, binding.value[1])
            yield Symbol("class", f"{module.name}.{fact.qualname}", module, fact)
        elif binding.kind == "module":
            yield self._absolute(module, binding.value[1])
        else:
            yield from self._value(module, binding, depth + 1)

    def _value(self, module: Module, binding: Binding, depth: int) -> Iterator[Symbol]:
        value = binding.value
        if value[0] == "name" and value[1] != binding.name:
            yield from self._meanings(module, binding.scope, value[1], depth)
            return
        text = self.text(module, binding.scope, value, depth)
        yield Symbol("value", f"{module.name}.{binding.name}", module) if text is None else Symbol("text", text)

    def _through_import(self, module: Module, each: Import, depth: int) -> Iterator[Symbol]:
        if each.name is None:
            yield self._absolute(module, each.module.partition(".")[0])
            return
        source = self.imported(module, each)
        if isinstance(source, Module):
            yield from self._member(Symbol("module", source.name, source), each.name, depth)
        elif isinstance(source, Symbol):
            yield from self._member(source, each.name, depth)

    def _absolute(self, module: Module, name: str) -> Symbol:
        found = self._names.absolute(module, name)
        return Symbol("outside", name) if found is None else Symbol("module", found.name, found)

    def _member(self, owner: Symbol, name: str, depth: int) -> list[Symbol]:
        if depth > _LONGEST_CHAIN:
            return []
        if owner.kind == "module" and owner.module is not None:
            return self._of_module(owner.module, name, depth)
        if owner.kind == "class" and owner.module is not None and owner.fact is not None:
            bound = owner.module.bound.get((owner.fact.inner, name), [])
            nested = [each for each in bound if isinstance(each, Binding) and each.kind == "class"]
            if nested:
                return [symbol for each in nested for symbol in self._bound(owner.module, each, depth)]
        return [Symbol("outside" if owner.kind == "outside" else "value", f"{owner.name}.{name}", owner.module)]

    def _of_module(self, module: Module, name: str, depth: int) -> list[Symbol]:
        if self.binds(module, name):
            bound = module.bound["", name]
            return [symbol for each in bound for symbol in self._bound(module, each, depth + 1)]
        inside = self._names.inside(module, name)
        if inside is not None:
            return [Symbol("module", inside.name, inside)]
        return self._starred(module, name, depth) or [Symbol("value", f"{module.name}.{name}", module)]

    def _starred(self, module: Module, name: str, depth: int) -> list[Symbol]:
        if depth > _LONGEST_CHAIN:
            return []
        for each in reversed(module.stars):
            source = self.imported(module, each)
            if isinstance(source, Module):
                known = name in (source.facts.exported or ()) or not name.startswith("_")
                found = self._of_module(source, name, depth + 1) if known else []
                if found and found[0] != Symbol("value", f"{source.name}.{name}", source):
                    return found
                if ("", name) in source.bound:
                    return found
            elif source is not None and name not in _BUILTINS and source.name.partition(".")[0] in _LIBRARIES:
                return [Symbol("outside", f"{source.name}.{name}")]
        return []

    def _class(self, module: Module, inner: str) -> Class:
        known = self._classes.get(id(module))
        if known is None:
            known = {each.inner: each for each in module.facts.classes}
            self._classes[id(module)] = known
        return known[inner]

    def text(self, module: Module, scope: str, expression: Expression, depth: int = 0) -> str | None:
        """The text that an expression comes to; None if only running it would tell."""
        match expression:
            case ["text", str(text)]:
                return text
            case ["name", str(name)]:
                if depth > _LONGEST_CHAIN:
                    return None
                found = _distinct(self._meanings(module, scope, name, depth + 1))
                return found[0].name if len(found) == 1 and found[0].kind == "text" else None
            case ["joined", list(parts)]:
                texts = [self.text(module, scope, part, depth + 1) for part in parts]
                return None if None in texts else "".join(text for text in texts if text is not None)
        return None

    def beginning(self, module: Module, scope: str, expression: Expression) -> str:
        """The text that an expression begins with, as far as that can be said."""
        if expression[0] != "joined":
            return self.text(module, scope, expression) or ""
        found = ""
        for part in expression[1]:
            text = self.text(module, scope, part)
            if text is None:
                break
            found += text
        return found


def _distinct(symbols: Iterable[Symbol]) -> list[Symbol]:
    """Each once: two statements of one name are two."""
    return list({(each.kind, each.name, each.fact and each.fact.inner): each for each in symbols}.values())


def _outwards(scope: str) -> Iterator[str]:
    """The scopes that a name is looked up in: a class around the innermost block does not count."""
    yield scope
    while scope:
        scope = scope.rstrip("/").rpartition("/")[0]
        scope = f"{scope}/" if scope else ""
        if not scope.rstrip("/").rpartition("/")[2].startswith("c:"):
            yield scope
