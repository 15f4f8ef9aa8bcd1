"""Passwords known from breaches. Nothing leaves the machine: both lists are files."""

import hashlib
import mmap
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Protocol


class BreachList(Protocol):
    """Knows passwords that nobody should choose any more."""

    def holds(self, password: str) -> bool:
        """Tell whether the password is on the list."""


class CommonPasswords:
    """A short list of the commonest passwords, compared without upper and lower case."""

    def __init__(self, passwords: Iterable[str]) -> None:
        self._known = frozenset(password.casefold() for password in passwords)

    @classmethod
    def bundled(cls) -> "CommonPasswords":
        """Read the list that comes with this package."""
        text = files("auth_service.passwords").joinpath("commonest.txt").read_text(encoding="utf-8")
        return cls(line for line in text.splitlines() if line and not line.startswith("#"))

    def holds(self, password: str) -> bool:
        """Tell whether the password is one of them, in whatever case."""
        return password.casefold() in self._known


class HashFile:
    """A sorted file of SHA-1 hashes, one `HASH:count` per line, as https://haveibeenpwned.com/Passwords offers it.

    It is searched by halves where it lies, so its 40 GB need no memory.

    Raises:
        OSError: there is no such file, or it may not be read.
        ValueError: it is empty, or its first line is no such hash.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._lines = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        bytes.fromhex(self._line_at(0)[: hashlib.sha1(usedforsecurity=False).digest_size * 2].decode())

    def holds(self, password: str) -> bool:
        """Tell whether the password's hash is in the file."""
        wanted = hashlib.sha1(password.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest().encode()
        low, high = 0, len(self._lines)
        while low < high:
            start = self._start_of_line((low + high) // 2)
            line = self._line_at(start)
            found = line[: len(wanted)].lower()
            if found == wanted:
                return True
            if found < wanted:
                low = start + len(line) + 1
            else:
                high = start
        return False

    def _start_of_line(self, place: int) -> int:
        return self._lines.rfind(b"\n", 0, place) + 1

    def _line_at(self, start: int) -> bytes:
        end = self._lines.find(b"\n", start)
        return self._lines[start : len(self._lines) if end < 0 else end]


class AnyOf:
    """Several lists as one."""

    def __init__(self, *lists: BreachList) -> None:
        self._lists = lists

    def holds(self, password: str) -> bool:
        """Tell whether one of the lists holds the password."""
        return any(one.holds(password) for one in self._lists)
