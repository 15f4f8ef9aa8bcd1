"""Classes linked to their bases: which of them are models, under which registry name, in which collection.

The names and collections follow mongoengine's metaclasses, as `modelguard._mongoengine.class_name` does at run time.
"""

import sys
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from typing import Any

from modelguard.lint.facts import ISOLATED, UNKNOWN, Class
from modelguard.lint.libraries import GUARDED, PLAIN
from modelguard.lint.modules import Module
from modelguard.lint.symbols import Symbol, Symbols

_DEFAULT_DATABASE = "default"
_MOST_DICTS = 10  # each copied from the next


class Bases:
    """The dotted names of classes that make a model of what derives from them."""

    def __init__(self, guarded: Collection[str] = (), plain: Collection[str] = ()) -> None:
        self._guarded = GUARDED.union(guarded)
        self._plain = PLAIN.union(plain)

    def is_guarded(self, name: str) -> bool:
        """Whether it is one of modelguard's bases, or said to be like them."""
        return name in self._guarded

    def is_base(self, name: str) -> bool:
        """Whether it is a base of either kind."""
        return name in self._guarded or name in self._plain


class Model:
    """A class of the project with its bases; whether it is a model is `is_model`."""

    def __init__(self, module: Module, fact: Class, registry: "Classes") -> None:
        self.module = module
        self.fact = fact
        self.name = f"{module.name}.{fact.qualname}"
        self._all = registry

    def __repr__(self) -> str:
        return f"<Model {self.name}>"

    @cached_property
    def bases(self) -> list[tuple[str, Symbol | None]]:
        """Each base as written, with what it means; a name bound twice (`try`, `except`) counts with both."""
        found: list[tuple[str, Symbol | None]] = []
        for written in self.fact.bases:
            meanings = self._all.symbols.meanings(self.module, self.fact.scope, written) if written else []
            meanings = [each for each in meanings if not self._comes_before(each)]
            found += [(written, each) for each in meanings] or [(written, None)]
        return found

    def _comes_before(self, symbol: Symbol) -> bool:
        """Whether a class is this one, or is defined below it: `class A(A)` derives from an earlier one."""
        fact = symbol.fact
        beside = fact is not None and symbol.module is self.module and fact.scope == self.fact.scope
        return fact is not None and beside and fact.line >= self.fact.line

    @cached_property
    def ancestors(self) -> list["Model"]:
        """The project's classes it derives from: depth first, each once, as mongoengine flattens them."""
        found: dict[Model, None] = {}
        waiting = self.parents[::-1]
        while waiting:
            each = waiting.pop()
            if each is not self and each not in found:
                found.setdefault(each)
                waiting += each.parents[::-1]
        return list(found)

    @cached_property
    def parents(self) -> list["Model"]:
        """The direct bases that are classes of the project, libraries' bases apart."""
        facts = [symbol for _, symbol in self.bases if symbol is not None and symbol.kind == "class"]
        linked = [self._all.of(symbol) for symbol in facts if not self._all.bases.is_base(symbol.name)]
        return [each for each in linked if each is not None]

    @cached_property
    def library_bases(self) -> list[str]:
        """Dotted names of the bases of mongoengine or modelguard that it comes from."""
        found: dict[str, None] = {}
        for each in (self, *self.ancestors):
            for _, symbol in each.bases:
                if symbol is not None and self._all.bases.is_base(symbol.name):
                    found.setdefault(symbol.name)
        return list(found)

    @property
    def is_model(self) -> bool:
        """Whether mongoengine registers it."""
        return bool(self.library_bases)

    @property
    def is_guarded(self) -> bool:
        """Whether one of its bases is guarded, whichever way its name was bound: the metaclass comes with it."""
        return self in self._all.guarded

    def has_guarded_base(self, guarded: Collection["Model"]) -> bool:
        """The same, if these are the classes that are known to be."""
        meanings = [[symbol for name, symbol in self.bases if name == each] for each in self.fact.bases]
        judged = [{self._guards(symbol, guarded) for symbol in one} for one in meanings]
        return any(True in one and False not in one for one in judged)

    def _guards(self, symbol: Symbol | None, guarded: Collection["Model"]) -> bool | None:
        """Whether a base is guarded; None if it is no model, such as the `object` of a fallback."""
        if symbol is None or self._all.bases.is_base(symbol.name):
            return None if symbol is None else self._all.bases.is_guarded(symbol.name)
        parent = self._all.of(symbol)
        return None if parent is None or not parent.is_model else parent in guarded

    @property
    def is_embedded(self) -> bool:
        """Whether it lives inside other documents."""
        return any(name.rpartition(".")[2].endswith("EmbeddedDocument") for name in self.library_bases)

    @cached_property
    def is_abstract(self) -> bool:
        """Whether its own `meta` says so: that is not inherited."""
        return self._setting("abstract") is True

    @property
    def is_registered_at_import(self) -> bool:
        """Whether importing its module registers it for good: no class statement in a function is run by that."""
        return self.is_model and not {"f", ISOLATED}.intersection(self.fact.nesting)

    @cached_property
    def unresolved(self) -> list[str]:
        """Bases, its own and its ancestors', of which nothing is known."""
        return [
            written or "an expression"
            for each in (self, *self.ancestors)
            for written, symbol in each.bases
            if symbol is None or _is_open(symbol)
        ]

    @cached_property
    def registry_name(self) -> str:
        """What mongoengine registers it under, and stores as `_cls`."""
        concrete = [
            each.fact.name for each in self.ancestors if each.is_model and not each.is_embedded and not each.is_abstract
        ]
        return ".".join([*reversed(concrete), self.fact.name])

    @cached_property
    def tree(self) -> "Model":
        """The concrete document at the root of its inheritance."""
        concrete = [each for each in (self, *self.ancestors) if each.is_model and not each.is_abstract]
        return concrete[-1]

    @property
    def collection(self) -> str | None:
        """Where its rows are; None if only running it would tell."""
        model = self
        while True:
            found = model._inherited("collection")
            parent = model._concrete_parent
            if found is not None:
                return found if isinstance(found, str) else None
            if parent is None:
                return _default_collection(model.fact.name)
            model = parent

    @property
    def database(self) -> str | None:
        """The alias of its connection; None if only running it would tell."""
        found = self._inherited("db_alias")
        return _DEFAULT_DATABASE if found is None else found if isinstance(found, str) else None

    @cached_property
    def _concrete_parent(self) -> "Model | None":
        return next((each for each in self.ancestors if each.is_model and not each.is_abstract), None)

    def _inherited(self, option: str) -> Any:
        """A setting of `meta`, its own or the nearest base's; None if there is none."""
        own = option != "collection" or self._concrete_parent is None  # else mongoengine ignores it, with a warning
        for each in ((self,) if own else ()) + tuple(self.ancestors):
            found = each._setting(option)  # noqa: SLF001 - of the same class
            if found is not None:
                return found
            if not own and each.is_model and not each.is_abstract:
                return None  # the parent's, whatever its name makes of it
        return None

    def _setting(self, option: str) -> Any:
        """A setting of the class's own `meta`, through dicts it is copied from; None if it has none."""
        return self._in_dict(self.fact.options, option, (self.module, self.fact.scope), 0)

    def _in_dict(self, options: Mapping[str, Any], option: str, place: tuple[Module, str], depth: int) -> Any:
        symbols = self._all.symbols
        if option in options:
            found = options[option]
            return (symbols.text(*place, found) or UNKNOWN) if isinstance(found, list) else found
        if "**" not in options:
            return None
        source = symbols.single(*place, options["**"]) if depth < _MOST_DICTS else None
        found = UNKNOWN
        match source:
            case Symbol(module=Module() as home, value=["options", dict(inside)]):
                found = self._in_dict(inside, option, (home, ""), depth + 1)
        under = self._in_dict(options.get("under", {}), option, place, depth)
        return under if found is None or (found == UNKNOWN and under is not None) else found


class Classes:
    """All classes of the project, linked on demand."""

    def __init__(self, modules: Mapping[str, Module] | list[Module], symbols: Symbols, bases: Bases) -> None:
        self.symbols = symbols
        self.bases = bases
        listed = list(modules.values()) if isinstance(modules, Mapping) else modules
        self._linked = {
            (id(module), fact.inner): Model(module, fact, self) for module in listed for fact in module.facts.classes
        }

    def of(self, symbol: Symbol) -> Model | None:
        """The linked class that a symbol means."""
        if symbol.fact is None or symbol.module is None:
            return None
        return self._linked.get((id(symbol.module), symbol.fact.inner))

    @cached_property
    def guarded(self) -> Collection[Model]:
        """The classes that stand on a guarded base."""
        heirs: dict[Model, list[Model]] = {}
        for each in self:
            for parent in each.parents:
                heirs.setdefault(parent, []).append(each)
        found: set[Model] = set()
        waiting = list(self)
        while waiting:
            each = waiting.pop()
            if each not in found and each.has_guarded_base(found):
                found.add(each)
                waiting += heirs.get(each, ())
        return found

    def __iter__(self) -> Iterator[Model]:
        return iter(self._linked.values())


def _is_open(symbol: Symbol) -> bool:
    """Whether a base may be anything: a value, or a class of another distribution."""
    if symbol.kind == "outside":
        top = symbol.name.partition(".")[0]
        return top not in sys.stdlib_module_names and top not in {"mongoengine", "modelguard", "builtins"}
    return symbol.kind != "class"


def _default_collection(name: str) -> str:
    return "".join(f"_{letter}" if letter.isupper() else letter for letter in name).strip("_").lower()
