"""What can be read of objects whose class is not ours, without trusting it to behave."""

import random
from collections.abc import Iterator, Mapping
from typing import Any


def readable_state(value: Any, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """What can be read of an object: its attributes and slots.

    Without `__module__`, which wrappers copy from what they wrap: the name differs with the way of the import.
    """
    slots = [name for kind in type(value).__mro__ for name in _slots(kind)]
    state = {name: getattr(value, name) for name in slots if hasattr(value, name)}
    state |= attributes
    state.pop("__module__", None)
    return state


def pickled_parts(value: Any) -> list[Any] | None:
    """What an object without readable state would be pickled as, such as the key of a time zone.

    None for objects that cannot be, and for those that move on by being used: iterators and random numbers.
    """
    if isinstance(value, (Iterator, random.Random)):
        return None
    try:
        parts = value.__reduce_ex__(2)
    except Exception:  # noqa: BLE001 - locks and the like raise what they please
        return None
    if not isinstance(parts, tuple):
        return [parts]
    return [list(part) if isinstance(part, Iterator) else part for part in parts]


def claims_equal(old: Any, new: Any) -> bool:
    """What the objects' own `==` says; False if it fails."""
    try:
        return bool(old == new)
    except Exception:  # noqa: BLE001 - a foreign __eq__ may raise anything; its state is compared instead
        return False


def _slots(kind: type) -> list[str]:
    slots = vars(kind).get("__slots__", ())
    names = [slots] if isinstance(slots, str) else list(slots)
    private = f"_{kind.__name__.lstrip('_')}"
    return [
        f"{private}{name}" if name.startswith("__") and not name.endswith("__") else name
        for name in names
        if name not in {"__dict__", "__weakref__"}
    ]
