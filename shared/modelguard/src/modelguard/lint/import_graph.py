"""Which files run when one is imported: whether one more import at the top would close a circle."""

from collections.abc import Iterator

from modelguard.lint.index import Index
from modelguard.lint.modules import Module


class ImportGraph:
    """The imports that run while the project is imported; what a package runs before its modules is left out."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._known: dict[Module, set[Module]] = {}

    def leads_to(self, start: Module, goal: Module) -> bool:
        """Whether importing one module comes to another."""
        if start not in self._known:
            self._known[start] = self._reached(start)
        return goal in self._known[start]

    def _reached(self, start: Module) -> set[Module]:
        found = {start}
        waiting = [start]
        while waiting:
            new = set(self._next(waiting.pop())) - found
            found |= new
            waiting += new
        return found

    def _next(self, module: Module) -> Iterator[Module]:
        for each in module.facts.imports:
            if "f" not in each.nesting and not each.typing:
                target = self._index.brings(module, each)
                if target is not None:
                    yield target
