"""How an import should be written instead, so that it can be copied from the message."""

from collections.abc import Sequence

from modelguard.lint.facts import Import
from modelguard.lint.import_graph import ImportGraph
from modelguard.lint.index import Index, exports, names_of_models
from modelguard.lint.models import Model
from modelguard.lint.modules import Module


class Advice:
    """What to write for an import that cannot stay as it is."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._graph = ImportGraph(index)

    def at_the_top(self, module: Module, each: Import, target: Module) -> str:
        """For an import of models below the top level: where it would close a circle, another way to the model."""
        whole = with_it(module, each)
        line = _line_of_twin(module, whole)
        if line:
            return f"drop it: line {line} imports the same"
        if not self._graph.leads_to(target, module):
            return f"write at the top of the file: {self.statement(each, target, whole)}"
        direct = self.from_definition(module, whole, target)
        if direct:
            return f"write at the top of the file, from where it is defined: {direct}"
        circle = f"at the top it would close a circle, for {target.name} leads back to {module.name}"
        looked_up = self._looked_up(each, whole, target)
        return f"{circle}; {looked_up or _elsewhere(each, target)}"

    def without_circle(self, module: Module, each: Import, target: Module) -> str:
        """For an import between model modules that is part of a circle."""
        whole = with_it(module, each)
        direct = self.from_definition(module, whole, target)
        if direct:
            return f"write, from where it is defined: {direct}"
        named = [model for one in whole if (model := self.model(one, target))]
        name = next(iter([*named, *self._others(module, target)])).registry_name
        return (
            f'drop this import, and name its models: in fields by a text, as in ReferenceField("{name}"), '
            f'in methods by modelguard.require("{name}")'
        )

    def _others(self, module: Module, target: Module) -> list[Model]:
        """Models that one file may want of another: those it defines or hands on, then any."""
        near = [each for each in self._index.models if each.module is target] + list(exports(self._index, target))
        own = [each for each in self._index.models if each.module is module]
        concrete = [each for each in (*near, *self._index.models) if not each.is_abstract and each not in own]
        return [*concrete, *self._index.models]

    def from_definition(self, module: Module, whole: Sequence[Import], target: Module) -> str:
        """The import from the files that define the models; empty if one of them leads back, or is no model."""
        sources: dict[str, list[str]] = {}
        for each in whole:
            model = self.model(each, target)
            if model is None or model.module is target or self._graph.leads_to(model.module, module):
                return ""
            sources.setdefault(model.module.name, []).append(renamed(each._replace(name=model.fact.name)))
        return "; ".join(f"from {source} import {', '.join(names)}" for source, names in sources.items())

    def model(self, each: Import, target: Module) -> Model | None:
        """The model that an import names."""
        symbols = self._index.symbols.meanings(target, "", each.name or "") if each.name else []
        return next(filter(None, map(self._index.model_of, symbols)), None)

    def _looked_up(self, each: Import, whole: Sequence[Import], target: Module) -> str:
        """By registry name, where every model is there when it runs: in a function."""
        models = [(one.alias, self.model(one, target)) for one in whole]
        lines = [f'{alias} = modelguard.require("{model.registry_name}")' for alias, model in models if model]
        if "f" not in each.nesting or len(lines) < len(models):
            return ""
        return f"write here: {'; '.join(lines)}, and at the top: import modelguard"

    def statement(self, each: Import, target: Module, whole: Sequence[Import]) -> str:
        """The import as it should stand at the top; of a star, with the names of the models."""
        if each.name is None:
            return f"import {each.module}" + (
                f" as {each.alias}" if each.alias != each.module.partition(".")[0] else ""
            )
        source = f"{'.' * each.level}{each.module}" if each.level else each.module
        starred = sorted(names_of_models(self._index, target)) if each.name == "*" else []
        return f"from {source or target.name} import {', '.join(starred or map(renamed, whole))}"


def with_it(module: Module, each: Import) -> list[Import]:
    """All names of one statement."""
    same = (each.line, each.column, each.module, each.level)
    return [other for other in module.facts.imports if (other.line, other.column, other.module, other.level) == same]


def _elsewhere(each: Import, target: Module) -> str:
    """For names that no look-up gives; a module as a whole is mostly imported for what it does."""
    if each.name is None or target.spot.endswith(f"/{each.name}"):
        return f"import {target.name} where the program starts"
    return "move what both need into a file of its own"


def _line_of_twin(module: Module, whole: Sequence[Import]) -> int:
    """Where the top level imports the same under the same names; 0 if it does not."""
    top = {_meaning(each): each.line for each in module.facts.imports if not each.nesting and not each.typing}
    return top[_meaning(whole[0])] if all(_meaning(each) in top for each in whole) else 0


def _meaning(each: Import) -> tuple[str, int, str | None, str]:
    return each.module, each.level, each.name, each.alias


def renamed(each: Import) -> str:
    """A name of a statement, with what it is bound to if that differs."""
    return f"{each.name} as {each.alias}" if each.alias != each.name else f"{each.name}"
