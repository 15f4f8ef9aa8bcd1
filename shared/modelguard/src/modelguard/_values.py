"""How values of Python's own types are compared, each kind by what makes it what it is."""

from types import (
    ClassMethodDescriptorType,
    CodeType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    WrapperDescriptorType,
)
from typing import Any, Protocol

from modelguard._code import same_code


class Sameness(Protocol):
    """Whoever compares the values inside a value."""

    def same(self, old: Any, new: Any) -> bool:
        """Whether both mean the same."""


def by_attributes(*names: str) -> Any:
    def same(equality: Sameness, old: Any, new: Any) -> bool:
        return all(equality.same(getattr(old, name), getattr(new, name)) for name in names)

    return same


def same_text(equality: Sameness, old: str, new: str) -> bool:
    """Of subclasses of `str`, whose own `==` may say anything."""
    return equality.same(str.__str__(old), str.__str__(new))


def same_number(_: Sameness, old: Any, new: Any) -> bool:
    base = next(kind for kind in (int, bytes, complex) if isinstance(old, kind))
    return base.__eq__(old, new) is True


def same_default(equality: Sameness, old: Any, new: Any) -> bool:
    return equality.same(old.default_factory, new.default_factory) and equality.same(dict(old), dict(new))


def same_queue(equality: Sameness, old: Any, new: Any) -> bool:
    return old.maxlen == new.maxlen and equality.same(list(old), list(new))


def same_ordered(equality: Sameness, old: Any, new: Any) -> bool:
    return equality.same(list(old), list(new)) and equality.same(dict(old), dict(new))


def same_moment(equality: Sameness, old: Any, new: Any) -> bool:
    clocks = old.replace(tzinfo=None), new.replace(tzinfo=None)
    return clocks[0] == clocks[1] and old.fold == new.fold and equality.same(old.tzinfo, new.tzinfo)


def by_repr(_: Sameness, old: Any, new: Any) -> bool:
    return repr(old) == repr(new)


def same_code_value(_: Sameness, old: CodeType, new: CodeType) -> bool:
    return same_code(old, new)


# Methods of types written in C, such as `str.upper`, and the slots of classes.
IN_C = (
    MethodDescriptorType,
    WrapperDescriptorType,
    ClassMethodDescriptorType,
    GetSetDescriptorType,
    MemberDescriptorType,
)
