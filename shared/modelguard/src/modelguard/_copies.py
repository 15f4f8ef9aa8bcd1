"""Copies of what a class body made, taken before the program goes on to change it: only the text is the definition."""

import copy
import functools
import marshal
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from types import CellType, FunctionType
from typing import Any

# What programs fill after the body ran: caches, registers of plugins.
CONTAINERS = (dict, list, set, deque)

# By `id`: a container that stays in use, and its content when the body had run.
Copies = dict[int, tuple[Any, Any]]


def is_namespace(value: Any) -> bool:
    """Whether it is what `globals()` gives in some module: no part of a definition, but of the module."""
    return type(value) is dict and "__builtins__" in value and "__name__" in value


def copied(value: Any) -> Any:
    """A copy of nested containers: they are new, their other values may be shared."""
    try:
        return marshal.loads(marshal.dumps(value))  # noqa: S302 - our own bytes; in C, for each first definition
    except ValueError:  # a function or a class among them
        return _copied_slowly(value, {})


def snapshot(state: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes as they are now, containers among them included."""
    return {name: copied(value) if isinstance(value, CONTAINERS) else value for name, value in state.items()}


def keep(value: Any, copies: Copies) -> None:
    """Copy the containers that a function can fill while it runs: default arguments, and what it closes over."""
    inside = _of_function(value) if type(value) is FunctionType else _inside(value)
    if not inside or id(value) in copies:
        return
    copies[id(value)] = (value, value)  # functions may close over themselves
    keep_all(inside, copies)


def keep_all(values: Iterable[Any], copies: Copies) -> None:
    """Copy the containers among values, and those inside functions."""
    for each in values:
        if isinstance(each, CONTAINERS):
            if is_namespace(each):
                continue
            copies[id(each)] = (each, copied(each))
        else:
            keep(each, copies)


def cell_contents(cell: CellType) -> object:
    """What a closure's variable holds; the type of cells, for one that is bound later."""
    try:
        return cell.cell_contents
    except ValueError:
        return CellType


def _of_function(function: FunctionType) -> Sequence[Any]:
    closure, defaults, by_name = function.__closure__, function.__defaults__, function.__kwdefaults__
    if closure is None and defaults is None and by_name is None:
        return ()  # as most are
    names = function.__code__.co_freevars
    if names == ("__class__",) and defaults is None and by_name is None:
        return ()
    return [*(defaults or ()), *(by_name or {}).values(), *map(cell_contents, closure or ())]


def _inside(value: Any) -> Sequence[Any]:
    if isinstance(value, property):
        return [value.fget, value.fset, value.fdel]
    if isinstance(value, (classmethod, staticmethod)):
        return [value.__func__]
    if isinstance(value, functools.partial):
        return [value.func, *value.args, *value.keywords.values()]
    if isinstance(value, functools._lru_cache_wrapper):  # noqa: SLF001 - the type has no public name
        return [value.__wrapped__]
    return ()


def _copied_slowly(value: Any, done: dict[int, Any]) -> Any:
    """With what is copied already, by `id`: containers may hold themselves."""
    if id(value) in done:
        return done[id(value)]
    if type(value) is dict:
        made: Any = done.setdefault(id(value), {})
        made.update((key, _copied_slowly(each, done)) for key, each in value.items())
        return made
    if type(value) is list:
        made = done.setdefault(id(value), [])
        made.extend(_copied_slowly(each, done) for each in value)
        return made
    if type(value) in (tuple, set):
        return type(value)(_copied_slowly(each, done) for each in value)
    return copy.copy(value) if isinstance(value, CONTAINERS) else value
