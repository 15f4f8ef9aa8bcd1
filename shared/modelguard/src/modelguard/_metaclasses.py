"""mongoengine's two metaclasses, with the guard in front of creation."""

import warnings
from collections.abc import Iterable, Sequence
from typing import Any, cast

from modelguard._guard import define
from modelguard._mongoengine import (
    DocumentMetaclass,
    TopLevelDocumentMetaclass,
    ancestry,
    awaits_manager,
    is_abstract,
    merged_bases,
)


class GuardedMetaclass(DocumentMetaclass):  # type: ignore[misc]  # mongoengine ships no types
    """Makes guarded embedded documents."""

    def __new__(mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> Any:
        """The existing class if this definition ran before, else a new one."""
        if "my_metaclass" in attrs:  # how mongoengine marks a base, which has no place in the registry
            return super().__new__(mcs, name, bases, attrs)

        def make(given: dict[str, Any]) -> Any:
            return super(GuardedMetaclass, mcs).__new__(mcs, name, bases, given)

        return define(name, bases, attrs, make)

    @classmethod
    def _get_bases(cls, bases: tuple[type, ...]) -> Any:
        return merged_bases(bases)


class GuardedTopLevelMetaclass(TopLevelDocumentMetaclass):  # type: ignore[misc]  # mongoengine ships no types
    """Makes guarded documents."""

    def __new__(mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> Any:
        """The existing class if this definition ran before, else a new one."""
        if "my_metaclass" in attrs:  # as above
            return super().__new__(mcs, name, bases, attrs)

        def make(given: dict[str, Any]) -> Any:
            ancestors = ancestry(bases)
            if ancestors:
                _check_parent(name, ancestors, given)
            return super(GuardedTopLevelMetaclass, mcs).__new__(mcs, name, bases, given)

        return define(name, bases, attrs, make)

    @classmethod
    def _get_bases(cls, bases: tuple[type, ...]) -> Any:
        return merged_bases(bases)

    def __dir__(self) -> Iterable[str]:
        """All names, as ever; but mongoengine's own question while it creates a class is answered by itself.

        It asks whether `objects` is among them: to collect and sort them all costs a sixth of a definition, and
        pays for the guard.
        """
        if awaits_manager(self):
            return ["objects"] if any("objects" in vars(base) for base in self.__mro__) else []
        return cast("Iterable[str]", super().__dir__())


def _check_parent(name: str, ancestors: Sequence[Any], given: dict[str, Any]) -> None:
    """Two checks of mongoengine that look for its own metaclass by `==`, and so overlook guarded parents.

    Raises:
        ValueError: an abstract document on a concrete one.
    """
    parent = next((base for base in ancestors if isinstance(base, GuardedTopLevelMetaclass)), None)
    if parent is None or is_abstract(parent):
        return
    meta = given.get("meta", {})
    if "collection" in meta:
        warnings.warn(f"Trying to set a collection on a subclass ({name})", SyntaxWarning, stacklevel=_USER_FRAME)
        del meta["collection"]
    if meta.get("abstract"):
        raise ValueError("Abstract document cannot have non-abstract base")


_USER_FRAME = 7  # from warnings.warn up to the class statement
