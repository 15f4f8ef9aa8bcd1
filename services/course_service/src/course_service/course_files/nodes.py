"""What a file says, each value with its line, before anybody knows what it means."""

from dataclasses import dataclass, field

DEEPEST = 16
"""Lists and objects within each other; a lesson is six deep."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text, number, flag or nothing.

    Attributes:
        value: what it is; of a bare word in YAML its very text.
        bare: whether it is a bare word in YAML, which may be meant as a number, a flag or a text.
    """

    line: int
    value: str | int | float | bool | None
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """A list."""

    line: int
    items: list["Node"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Entry:
    """A name in an object, and its value; a name may be there twice."""

    line: int
    name: str
    value: "Node"


@dataclass(frozen=True, slots=True)
class Object:
    """Names with their values."""

    line: int
    entries: list[Entry] = field(default_factory=list)


Node = Scalar | Listing | Object
