"""Files that people write: UTF-8, and every mistake has a line."""

from dataclasses import dataclass
from pathlib import Path

from lyceum_allocation.errors import FileRefused


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a file something stands; prints as ``file:line``."""

    path: Path
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


def read_text(path: Path) -> str:
    """Read a file; a byte order mark, which spreadsheets write, is dropped.

    Raises:
        FileRefused: a byte is not UTF-8; names its line.
        OSError: the file cannot be read.
    """
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = raw.count(b"\n", 0, exc.start) + 1
        raise FileRefused([f"{Place(path, line)}: is not UTF-8: save the file as UTF-8"]) from exc
