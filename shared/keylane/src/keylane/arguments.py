"""What was given as an option: its type and its bounds, refused in one line that names it."""

from __future__ import annotations

import functools
import inspect
from datetime import timedelta
from typing import Any

from keylane.errors import ConfigurationError


def check_duration(name: str, value: Any, *, zero: bool = False) -> None:
    """Refuse what is no `timedelta`, or one that is too short.

    Args:
        name: Of the option, as its user writes it.
        value: What was given.
        zero: Whether none at all will do.

    Raises:
        ConfigurationError: It is not.
    """
    if not isinstance(value, timedelta):
        raise ConfigurationError(f"{name} is {value!r}: give a datetime.timedelta, such as timedelta(seconds=30)")
    if value < timedelta(0) or (value == timedelta(0) and not zero):
        least = "duration of 0 or more" if zero else "positive duration"
        raise ConfigurationError(f"{name} is {value}: it must be a {least}")


def check_count(name: str, value: Any) -> None:
    """Refuse what is no whole number of at least 1.

    Raises:
        ConfigurationError: It is not.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise ConfigurationError(f"{name} is {value!r}: give a whole number")
    if value < 1:
        raise ConfigurationError(f"{name} is {value}: it must be at least 1")


def check_text(name: str, value: Any) -> None:
    """Refuse what is no `str`.

    Raises:
        ConfigurationError: It is not.
    """
    if not isinstance(value, str):
        raise ConfigurationError(f"{name} is {value!r}: give a str")


def check_given(name: str, value: Any, kind: type) -> None:
    """Refuse what is neither None nor of that kind, above all the class itself without its parentheses.

    Raises:
        ConfigurationError: It is not.
    """
    if value is not None and not isinstance(value, kind):
        raise ConfigurationError(f"{name} is {value!r}: give a {kind.__name__}")


def functions_of(called: Any) -> tuple[Any, Any]:
    """What may run when this is called: itself, without the arguments that were bound to it, or its `__call__`."""
    while isinstance(called, functools.partial):
        called = called.func
    return called, getattr(called, "__call__", None)  # noqa: B004  asks for the method, not about callability


def is_generator(called: Any) -> bool:
    """Whether calling this runs no line of it."""
    return any(inspect.isgeneratorfunction(one) or inspect.isasyncgenfunction(one) for one in functions_of(called))
