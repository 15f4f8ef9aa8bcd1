"""The whole project, linked: what rules look at."""

from collections.abc import Iterator, Mapping
from functools import cached_property

from modelguard.lint.facts import Import
from modelguard.lint.fields import Fields
from modelguard.lint.finding import Finding
from modelguard.lint.models import Bases, Classes, Model
from modelguard.lint.modules import Module, Names
from modelguard.lint.settings import Settings
from modelguard.lint.symbols import Symbol, Symbols


class Index:
    """Modules, classes, and who exports which model.

    Attributes:
        modules: every file, by path.
        settings: of the project.
        symbols: what names mean.
        classes: every class, linked.
        fields: what class bodies declare.
    """

    def __init__(self, modules: list[Module], top: str, settings: Settings) -> None:
        self.modules = sorted(modules, key=lambda module: module.path)
        self.settings = settings
        self.symbols = Symbols(Names(self.modules, top))
        self.classes = Classes(self.modules, self.symbols, Bases(settings.guarded_bases, settings.plain_bases))
        self.fields = Fields(self.classes)

    @cached_property
    def models(self) -> list[Model]:
        """Every model, by path and line."""
        found = [each for each in self.classes if each.is_model and not self._is_library(each)]
        return sorted(found, key=lambda each: (each.module.path, each.fact.line))

    def _is_library(self, model: Model) -> bool:
        """Whether it is itself one of the bases: this linter may look at its own package."""
        return self.classes.bases.is_base(model.name)

    def models_for(self, code: str) -> Iterator[Model]:
        """The models in files that a rule looks at."""
        return (each for each in self.models if self.settings.looks_at(code, each.module.path))

    @cached_property
    def models_in(self) -> Mapping[str, list[Model]]:
        """The models by the folder of their file."""
        found: dict[str, list[Model]] = {}
        for each in self.models:
            found.setdefault(each.module.folder, []).append(each)
        return found

    @cached_property
    def model_modules(self) -> set[Module]:
        """Modules whose import registers a model of their own."""
        return {each.module for each in self.models if each.is_registered_at_import}

    @cached_property
    def registry(self) -> dict[str, Model]:
        """Every model that importing the project registers, by its registry name; the first of several."""
        found: dict[str, Model] = {}
        for each in self.models:
            if each.is_registered_at_import:
                found.setdefault(each.registry_name, each)
        return found

    @cached_property
    def indexes(self) -> set[Module]:
        """Packages, and modules without a model, whose top level imports hand on models."""
        return {module for module in self.modules if module not in self.model_modules and self._hands_on(module)}

    def _hands_on(self, module: Module) -> bool:
        if not module.is_package:
            return False
        top = [each for each in module.facts.imports if not each.scope and not each.typing]
        return any(self._hands_on_by(module, each) for each in top)

    def _hands_on_by(self, module: Module, each: Import) -> bool:
        found = self.brings(module, each)
        if each.name is None:  # `import shop.models.user`, in shop/models/__init__.py
            inside = found is not None and found.spot.startswith(f"{module.spot}/")
            return inside and found in self.model_modules
        return found in self.model_modules or self._names_model(module, each)

    def _names_model(self, module: Module, each: Import) -> bool:
        """Whether the name comes from a model module through another index."""
        return any(self.model_of(symbol) for symbol in self.symbols.meanings(module, "", each.alias))

    def brings(self, module: Module, each: Import) -> Module | None:
        """The project's module that an import is after: of `from models import user`, the submodule, if it is one."""
        if each.name is None:
            return self.symbols.named(module, each.module)
        source = self.symbols.imported(module, each)
        if not isinstance(source, Module):
            return None
        if self.symbols.binds(source, each.name):
            return source
        return self.symbols.submodule(source, each.name) or source

    def model_of(self, symbol: Symbol | None) -> Model | None:
        """The model that a name means, if it is one."""
        found = self.classes.of(symbol) if symbol is not None and symbol.kind == "class" else None
        return found if found is not None and found.is_model and not self._is_library(found) else None

    def model_module(self, module: Module | None) -> bool:
        """Whether importing the module is importing models: it defines some, or hands them on."""
        return module is not None and (module in self.model_modules or module in self.indexes)

    def target(self, module: Module, each: Import) -> Module | None:
        """The model module that an import is after; None for every other import.

        A name that an index hands on counts if it is a model: `from shop import new_id` is no import of models.
        """
        found = self.brings(module, each)
        if found is None or found is module:
            return None
        if found in self.model_modules:
            return found
        if found not in self.indexes:
            return None
        if each.name in {None, "*"}:
            return found
        symbols = self.symbols.meanings(found, "", each.name or "")
        is_module = self.symbols.submodule(module, each.name or "") is found or found.spot.endswith(f"/{each.name}")
        return found if is_module or any(self.model_of(symbol) for symbol in symbols) else None


def exports(index: Index, package: Module) -> dict[Model, list[str]]:
    """The models that a package's top level gives names to, with those names; a star gives each its own."""
    found: dict[Model, list[str]] = {}
    for each in package.facts.imports:
        if each.scope or each.typing or not each.name:
            continue
        if each.name == "*":
            source = index.brings(package, each)
            for model in index.models:
                if model.module is source and not model.fact.nesting:
                    found.setdefault(model, []).append(model.fact.name)
            continue
        for symbol in index.symbols.meanings(package, "", each.alias):
            if (handed := index.model_of(symbol)) is not None:
                found.setdefault(handed, []).append(each.alias)
    return found


def names_of_models(index: Index, source: Module) -> set[str]:
    """What a star import of models is after: those defined there; of an index, those that it hands on."""
    own = {each.fact.name for each in index.models if each.module is source and not each.fact.nesting}
    names = own or {name for names in exports(index, source).values() for name in names}
    listed = source.facts.exported
    return names if listed is None else names & set(listed) or names


def at(model: Model, code: str, message: str, fix: str, *, line: int = 0, column: int = 0) -> Finding:
    """A finding on a class; at its statement, if no other line is given."""
    line, column = (line, column) if line else (model.fact.line, model.fact.column)
    return Finding(model.module.path, line, column + 1, code, model.name, message, fix)
