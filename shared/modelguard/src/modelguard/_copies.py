"""Copies of what a class body made, taken before the program goes on to change it: only the text is the definition."""

import copy
import marshal
from collections import deque
from collections.abc import Mapping
from typing import Any

# What programs fill after the body ran: caches, registers of plugins.
CONTAINERS = (dict, list, set, deque)


def copied(value: Any) -> Any:
    """A copy of nested containers: they are new, their other values may be shared."""
    try:
        return marshal.loads(marshal.dumps(value))  # noqa: S302 - our own bytes; in C, for each first definition
    except ValueError:  # a function or a class among them
        return _copied_slowly(value)


def snapshot(state: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes as they are now, containers among them included."""
    return {name: copied(value) if isinstance(value, CONTAINERS) else value for name, value in state.items()}


def _copied_slowly(value: Any) -> Any:
    if type(value) is dict:
        return {key: _copied_slowly(each) for key, each in value.items()}
    if type(value) in (list, tuple, set):
        return type(value)(map(_copied_slowly, value))
    return copy.copy(value) if isinstance(value, CONTAINERS) else value
