"""Exact look-up of models by registry name."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from modelguard._mongoengine import registry
from modelguard._table import TABLE
from modelguard.errors import ModelNotRegisteredError

_MOST_NEAR_NAMES = 3
_LEAST_ALIKE = 0.7  # below it, "Role" is taken for a slip of "Module"


class Models(Mapping[str, Any]):
    """Every registered model by its exact registry name, guarded or not; a live, read-only view."""

    def __getitem__(self, name: str) -> Any:
        with TABLE.lock:  # mongoengine registers a class before it is complete
            return registry()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(list(registry()))

    def __len__(self) -> int:
        return len(registry())

    def __repr__(self) -> str:
        marked = (name if self.is_guarded(name) else f"{name} (not guarded)" for name in sorted(self))
        return f"<models: {', '.join(marked)}>"

    def is_guarded(self, name: str) -> bool:
        """Whether the guard registered the class that holds `name`; KeyError if nothing holds it."""
        return TABLE.of(self[name]) is not None

    @property
    def unguarded(self) -> tuple[str, ...]:
        """Names held by classes on mongoengine's plain bases."""
        return tuple(name for name in self if not self.is_guarded(name))


models = Models()


def require(name: str) -> Any:
    """The model registered under exactly this name: no guess by suffix, as mongoengine makes.

    Raises:
        ModelNotRegisteredError: nothing holds the name; the error lists near ones.
    """
    with TABLE.lock:  # as above
        model = registry().get(name)
    if model is None:
        raise not_registered(name, f"no model is registered as {name!r}: import the module that defines it")
    return model


def near_names(name: str) -> list[str]:
    """Registered names that a reader may have meant, best first."""
    last = name.rpartition(".")[2]
    same_end = [entry for entry in registry() if entry.rpartition(".")[2] == last and entry != name]
    alike = difflib.get_close_matches(name, list(registry()), n=_MOST_NEAR_NAMES, cutoff=_LEAST_ALIKE)
    return [*dict.fromkeys([*same_end, *alike])][:_MOST_NEAR_NAMES]


def not_registered(name: str, message: str) -> ModelNotRegisteredError:
    """The error for a missing model, with near names."""
    near = near_names(name)
    hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
    return ModelNotRegisteredError(f"{message}.{hint}", model=name, near=near)
