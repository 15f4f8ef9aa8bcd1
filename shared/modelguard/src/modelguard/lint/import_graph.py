"""Which files run when one is imported: whether one more import at the top would close a circle."""

from collections.abc import Iterator

from modelguard.lint.index import Index
from modelguard.lint.modules import Module


class ImportGraph:
    """The imports that run while the project is imported, and the packages that Python imports before their modules."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._packages = {module.spot: module for module in index.modules if module.is_package}
        self._known: dict[Module, set[Module]] = {}
        self._steps: dict[Module, set[Module]] = {}

    def leads_to(self, start: Module, goal: Module) -> bool:
        """Whether an import of `start`, written in `goal`, comes back to `goal`."""
        return any(goal in self._reached(each) for each in (start, *self._above(start, goal)))

    def _reached(self, start: Module) -> set[Module]:
        if start not in self._known:
            found = {start}
            waiting = [start]
            while waiting:
                new = self._next(waiting.pop()) - found
                found |= new
                waiting += new
            self._known[start] = found
        return self._known[start]

    def _next(self, module: Module) -> set[Module]:
        if module not in self._steps:
            self._steps[module] = set(self._run_by(module))
        return self._steps[module]

    def _run_by(self, module: Module) -> Iterator[Module]:
        for each in module.facts.imports:
            if "f" not in each.nesting and not each.typing:
                target = self._index.brings(module, each)
                if target is not None:
                    yield target
                    yield from self._above(target, module)

    def _above(self, target: Module, importer: Module) -> Iterator[Module]:
        """The packages around a module that its import runs first: those around the importer have begun before."""
        folder = target.spot
        while folder:
            folder = folder.rpartition("/")[0]
            package = self._packages.get(folder)
            if package is not None and not f"{importer.spot}/".startswith(f"{folder}/"):
                yield package
