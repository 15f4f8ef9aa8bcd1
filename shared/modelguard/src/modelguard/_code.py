"""Whether two code objects say the same, wherever they stand in their file."""

import dis
from collections.abc import Callable
from types import CodeType
from typing import Any

# What Python 3.13 and later stores about the place of a class: no part of its definition.
PLACE = frozenset({"__firstlineno__", "__static_attributes__"})

_SHAPE = (
    "co_name",
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_flags",
    "co_varnames",
    "co_freevars",
    "co_cellvars",
)


def same_code(old: CodeType, new: CodeType) -> bool:
    """Compare recursively, without line numbers, file and module names."""
    if old is new:
        return True
    if any(getattr(old, part) != getattr(new, part) for part in _SHAPE):
        return False
    if PLACE.isdisjoint(old.co_names):
        return _same_bytes(old, new)
    return _same_bytes(old, new) or _same_instructions(old, new)


def is_rebound(code: CodeType, name: str) -> bool:
    """Whether code, or a function inside it, assigns a variable that it shares with others."""
    inner = (const for const in code.co_consts if isinstance(const, CodeType))
    stored = any(each.opname == "STORE_DEREF" and each.argval == name for each in dis.get_instructions(code))
    return stored or any(is_rebound(each, name) for each in inner)


def _same_bytes(old: CodeType, new: CodeType) -> bool:
    return (
        old.co_code == new.co_code
        and old.co_names == new.co_names
        and old.co_exceptiontable == new.co_exceptiontable
        and _same_constants(old.co_consts, new.co_consts)
    )


def _same_constants(old: tuple[Any, ...], new: tuple[Any, ...]) -> bool:
    return len(old) == len(new) and all(map(_same_constant, old, new))


def _same_constant(old: object, new: object) -> bool:
    if type(old) is not type(new):
        return False  # 1, 1.0 and True are equal, and not the same
    if isinstance(old, CodeType) and isinstance(new, CodeType):
        return same_code(old, new)
    if isinstance(old, tuple) and isinstance(new, tuple):
        return _same_constants(old, new)
    if isinstance(old, frozenset) and isinstance(new, frozenset):
        return sorted(map(repr, old)) == sorted(map(repr, new))
    return repr(old) == repr(new)  # -0.0 is not 0.0, and nan is nan


def _same_instructions(old: CodeType, new: CodeType) -> bool:
    """Compare what the code does, for bodies that hold their own line number among their constants."""
    left, right = _instructions(old), _instructions(new)
    return len(left) == len(right) and all(
        one[0] == other[0] and _same_constant(one[1], other[1]) for one, other in zip(left, right, strict=True)
    )


def _instructions(code: CodeType) -> list[tuple[str, Any]]:
    found = [each for each in dis.get_instructions(code) if each.opname not in {"EXTENDED_ARG", "NOP"}]
    position = {each.offset: index for index, each in enumerate(found)}
    skipped = _place_stores(found)
    return [
        ("LOAD_CONST" if each.opname == "LOAD_SMALL_INT" else each.opname, _meaning(each, position.get))
        for index, each in enumerate(found)
        if index not in skipped
    ]


def _place_stores(found: list[dis.Instruction]) -> set[int]:
    stores = [index for index, each in enumerate(found) if each.opname == "STORE_NAME" and each.argval in PLACE]
    return {index for store in stores for index in (store - 1, store)}


def _meaning(instruction: dis.Instruction, position: Callable[[int], int | None]) -> object:
    if instruction.opcode in dis.hasjrel or instruction.opcode in dis.hasjabs:
        return position(instruction.argval)
    return instruction.argval
