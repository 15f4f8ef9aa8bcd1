"""Classes linked to their bases: which of them are models, under which registry name, in which collection.

The names and collections follow mongoengine's metaclasses, as `modelguard._mongoengine.class_name` does at run time.
"""

import sys
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from typing import Any

from modelguard.lint.facts import Class, Expression
from modelguard.lint.modules import Module
from modelguard.lint.symbols import Symbol, Symbols

NAMES = ("Document", "DynamicDocument", "EmbeddedDocument", "DynamicEmbeddedDocument")
GUARDED = frozenset(f"modelguard{module}.{name}" for module in ("", ".bases") for name in NAMES)
PLAIN = frozenset(f"mongoengine{module}.{name}" for module in ("", ".document") for name in NAMES)
_DEFAULT_DATABASE = "default"


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
            found += [(written, each) for each in meanings] or [(written, None)]
        return found

    @cached_property
    def ancestors(self) -> list["Model"]:
        """The project's classes it derives from: depth first, each once, as mongoengine flattens them."""
        found: dict[Model, None] = {}
        self._visit(found, {self})
        return list(found)

    def _visit(self, found: dict["Model", None], path: set["Model"]) -> None:
        for parent in self.parents:
            if parent not in path:
                found.setdefault(parent)
                parent._visit(found, path | {parent})  # noqa: SLF001 - of the same class

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

    @cached_property
    def is_guarded(self) -> bool:
        """Whether one of its bases is guarded, whichever way its name was bound: the metaclass comes with it."""
        return self._is_guarded(frozenset())

    def _is_guarded(self, path: frozenset["Model"]) -> bool:
        if self in path:
            return False
        written = [[symbol for name, symbol in self.bases if name == each] for each in self.fact.bases]
        return any(all(self._guards(symbol, path | {self}) for symbol in meanings) for meanings in written)

    def _guards(self, symbol: Symbol | None, path: frozenset["Model"]) -> bool:
        if symbol is None or self._all.bases.is_base(symbol.name):
            return symbol is not None and self._all.bases.is_guarded(symbol.name)
        parent = self._all.of(symbol)
        return parent is not None and parent._is_guarded(path)  # noqa: SLF001 - of the same class

    @property
    def is_embedded(self) -> bool:
        """Whether it lives inside other documents."""
        return any(name.rpartition(".")[2].endswith("EmbeddedDocument") for name in self.library_bases)

    @property
    def is_abstract(self) -> bool:
        """Whether its own `meta` says so: that is not inherited."""
        return self.fact.options.get("abstract") is True

    @property
    def is_registered_at_import(self) -> bool:
        """Whether importing its module runs the class statement: none in a function does."""
        return self.is_model and "f" not in self.fact.nesting

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

    @cached_property
    def collection(self) -> str | None:
        """Where its rows are; None if only running it would tell."""
        inherited = self._inherited("collection")
        if inherited is not None:
            return inherited if isinstance(inherited, str) else self._text(inherited)
        parent = next((each for each in self.ancestors if each.is_model and not each.is_abstract), None)
        return _default_collection(self.fact.name) if parent is None else parent.collection

    @cached_property
    def database(self) -> str | None:
        """The alias of its connection; None if only running it would tell."""
        found = self._inherited("db_alias")
        return _DEFAULT_DATABASE if found is None else found if isinstance(found, str) else self._text(found)

    def _inherited(self, option: str) -> Any:
        """A setting of `meta`, its own or the nearest base's; None if there is none."""
        concrete_parent = any(each.is_model and not each.is_abstract for each in self.ancestors)
        own = not (option == "collection" and concrete_parent)  # mongoengine ignores it, with a warning
        for each in ((self,) if own else ()) + tuple(self.ancestors):
            meta = each.fact.meta
            if option in each.fact.options:
                return each.fact.options[option]
            if "**" in each.fact.options or (meta is not None and meta[0] not in {"copy", "call"}):
                return ["other"]
            if not own and each.is_model and not each.is_abstract:
                return None  # the parent's, whatever its name makes of it
        return None

    def _text(self, expression: Expression) -> str | None:
        return self._all.symbols.text(self.module, self.fact.scope, expression)


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
