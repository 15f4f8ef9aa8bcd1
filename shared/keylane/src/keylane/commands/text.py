"""Bytes and words for a terminal: nothing that was sent by a stranger moves the cursor, and nothing is cut unsaid."""

from __future__ import annotations

import base64
import re
import shutil
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

TYPED_BYTE = re.compile(r"\\udc([89a-f][0-9a-f])")
"""How Python spells a byte of an argument that is not UTF-8."""
GAP: Final = "  "
LEAST_OF_LAST: Final = 20
"""Columns that a table's last one keeps on a terminal that is too narrow for the others."""
PER_LINE = 16
"""Bytes in one line of a hexdump."""


def table(titles: Sequence[str], rows: Iterable[Sequence[str]], *, columns: int | None = None) -> Iterator[str]:
    """Lines of a table, whose last column is cut to what `columns` leave to it.

    The others are not: an id or a place that was cut could not be copied.
    """
    lines = [list(titles), *([safe(cell) for cell in row] for row in rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    if columns is not None:
        before = sum(widths[:-1]) + len(GAP) * (len(widths) - 1)
        widths[-1] = min(widths[-1], max(columns - before, LEAST_OF_LAST))
    for line in lines:
        line[-1] = clipped(line[-1], widths[-1])
        yield GAP.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def room() -> int | None:
    """Columns of the terminal, or as many as COLUMNS says; None where lines may be as long as they like."""
    return shutil.get_terminal_size((0, 0)).columns or None


def facts(pairs: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Lines that name one fact each."""
    plain = [(safe(name), safe(value)) for name, value in pairs]
    width = max(len(name) for name, _ in plain)
    return (f"{name.ljust(width)}  {value}".rstrip() for name, value in plain)


def safe(text: str) -> str:
    """The text in one line, its control characters spelt out, and what was typed in another encoding as its bytes."""
    signs = (sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
    return TYPED_BYTE.sub(r"\\x\1", "".join(signs))


def clipped(text: str, characters: int) -> str:
    """At most so many characters, with a sign where something is missing."""
    return text if len(text) <= characters else text[: characters - 3] + "..."


def short(data: bytes | None) -> str:
    """A key or a header value in a few words."""
    if data is None:
        return "null"
    text = readable(data)
    return f"0x{data.hex()}" if text is None else text


def readable(data: bytes) -> str | None:
    """The bytes as text; None when they are none."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return text if all(sign.isprintable() or sign in "\n\t\r" for sign in text) else None


def hexdump(data: bytes) -> Iterator[str]:
    """Lines of offset, bytes and what of them is ASCII."""
    for start in range(0, len(data), PER_LINE):
        row = data[start : start + PER_LINE]
        signs = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)  # noqa: PLR2004  ASCII's own bounds
        yield f"{start:08x}  {row.hex(' '):<{PER_LINE * 3 - 1}}  {signs}"


def for_machines(data: bytes | None) -> str | dict[str, str] | None:
    """Bytes in JSON: text when they are UTF-8, else an object that says how they are written."""
    if data is None:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}
