"""Modules that an isolated block imported for the first time."""

import sys
from collections.abc import Collection, Sequence
from types import FunctionType, ModuleType
from typing import Any


class Loaded:
    """The modules loaded at one moment."""

    def __init__(self) -> None:
        self._names = frozenset(sys.modules)

    def forget_holders_of(self, models: Sequence[Any]) -> None:
        """Let later imports run the modules again that were loaded since, and hold one of these classes.

        They would otherwise hand out classes that no registry knows any more. With them go the later modules that
        hold something of theirs, and the modules inside a package that goes.
        """
        later = {name: module for name, module in sys.modules.items() if name not in self._names}
        ids = {id(model) for model in models}
        gone: set[str] = set()
        while found := {name for name, module in later.items() if name not in gone and _goes(name, module, ids, gone)}:
            gone |= found
        for name in gone:
            _forget(name)


def _goes(name: str, module: Any, ids: Collection[int], gone: Collection[str]) -> bool:
    if any(name.startswith(f"{package}.") for package in gone):
        return True
    values = list(getattr(module, "__dict__", {}).values())
    return any(id(value) in ids or _home(value) in gone for value in values)


def _home(value: object) -> str | None:
    """The module that a module-level value comes from; None where that says nothing."""
    if isinstance(value, ModuleType):
        return value.__name__
    return value.__module__ if isinstance(value, (type, FunctionType)) else None


def _forget(name: str) -> None:
    module = sys.modules.pop(name)
    parent, _, last = name.rpartition(".")
    package = sys.modules.get(parent)
    if package is not None and vars(package).get(last) is module:
        delattr(package, last)
