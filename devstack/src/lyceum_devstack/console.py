"""Output that can be read everywhere: no terminal, no colour, few columns, old code pages."""

import io
import sys
from dataclasses import astuple, dataclass

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


def forgive_streams() -> None:
    """Let a sign that the code page lacks come out as `?`, not as a crash: names of people are not ours to choose."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def make_console(*, stderr: bool = False) -> Console:
    """A console on standard output (or error); honours NO_COLOR, COLUMNS and a missing terminal."""
    return Console(stderr=stderr, highlight=False, soft_wrap=False, safe_box=True)


def glyphs_for(console: Console) -> Glyphs:
    """The richest set of signs that this console's encoding can carry."""
    try:
        "".join(astuple(UNICODE)).encode(console.encoding)
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE
