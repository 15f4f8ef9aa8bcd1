"""What may change in a published contract: an optional field may be added, nothing else."""

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["breaking_changes"]

_PROSE = frozenset({"title", "description", "examples"})
_ADDITIVE = frozenset({"properties", "$defs"})


def breaking_changes(golden: Mapping[str, Any], current: Mapping[str, Any]) -> list[str]:
    """List where ``current`` differs from the published JSON Schema by more than a new optional field.

    Stricter than JSON Schema asks: even a wider range counts, because a consumer may have been built on the narrow one.
    Titles and descriptions are free.
    """
    return list(_schema(golden, current, "$"))


def _schema(golden: Mapping[str, Any], current: Mapping[str, Any], path: str) -> Iterator[str]:
    for keyword in sorted((golden.keys() | current.keys()) - _PROSE):
        here = f"{path}.{keyword}"
        if keyword in _ADDITIVE:
            yield from _members(golden.get(keyword, {}), current.get(keyword, {}), here)
        elif keyword not in golden:
            yield f"{here}: added"
        elif keyword not in current:
            yield f"{here}: removed"
        else:
            yield from _value(golden[keyword], current[keyword], here)


def _members(golden: Mapping[str, Any], current: Mapping[str, Any], path: str) -> Iterator[str]:
    for name, published in golden.items():
        if name in current:
            yield from _schema(published, current[name], f"{path}.{name}")
        else:
            yield f"{path}.{name}: removed"


def _value(golden: Any, current: Any, path: str) -> Iterator[str]:
    if isinstance(golden, dict) and isinstance(current, dict):
        yield from _schema(golden, current, path)
    elif isinstance(golden, list) and isinstance(current, list) and len(golden) == len(current):
        for index, (published, now) in enumerate(zip(golden, current, strict=True)):
            yield from _value(published, now, f"{path}[{index}]")
    # JSON knows true and 1 apart, Python's == does not.
    elif golden != current or type(golden) is not type(current):
        yield f"{path}: was {golden!r}, is {current!r}"
