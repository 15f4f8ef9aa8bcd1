"""Output that can be read everywhere: no terminal, no colour, few columns, old code pages."""

from dataclasses import astuple, dataclass
from typing import TextIO

from rich.console import Console


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The few signs beyond letters; the second set is for code pages that lack the first."""

    kept: str
    broken: str
    filled: str
    free: str
    more: str


UNICODE = Glyphs(kept="✓", broken="✗", filled="█", free="░", more="…")
ASCII = Glyphs(kept="ok", broken="NO", filled="#", free=".", more="...")


def make_console(file: TextIO | None = None) -> Console:
    """A console on standard output, or on `file`; honours NO_COLOR, COLUMNS and a missing terminal.

    Text comes out as it is: brackets and colons in a subject's name are no markup.
    """
    return Console(file=file, highlight=False, markup=False, emoji=False)


def glyphs_for(console: Console) -> Glyphs:
    """The richest set of signs that this console's encoding can carry."""
    try:
        "".join(astuple(UNICODE)).encode(console.encoding)
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE
