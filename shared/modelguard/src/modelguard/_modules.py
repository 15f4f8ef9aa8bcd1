"""Modules that an isolated block imported for the first time."""

import sys
from collections.abc import Sequence
from typing import Any


class Loaded:
    """The modules loaded at one moment."""

    def __init__(self) -> None:
        self._names = frozenset(sys.modules)

    def forget_holders_of(self, models: Sequence[Any]) -> None:
        """Let later imports run the modules again that were loaded since, and hold one of these classes.

        They would otherwise hand out classes that no registry knows any more.
        """
        ids = {id(model) for model in models}
        for name in [name for name in sys.modules if name not in self._names]:
            module = sys.modules[name]
            if any(id(value) in ids for value in list(getattr(module, "__dict__", {}).values())):
                del sys.modules[name]
                parent, _, last = name.rpartition(".")
                if vars(sys.modules.get(parent, sys)).get(last) is module:
                    delattr(sys.modules[parent], last)
