"""Facts of files that did not change, kept between runs.

A file is known by what it holds, never by its time: the cache of one checkout fits another. A cache that cannot be
read or written costs time only, so nothing is said about it.
"""

import contextlib
import hashlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from modelguard.lint.facts import Facts, from_json

_FILE = "facts.json"
_NOTHING: dict[str, Any] = {}


class Cache:
    """Facts by the digest of a file's content."""

    def __init__(self, folder: Path | None) -> None:
        self._release = _release()
        self._folder = folder if self._release else None
        self._stored = _read(self._folder / _FILE, self._release) if self._folder is not None else _NOTHING
        self._used: dict[str, Any] = {}

    @staticmethod
    def key(data: bytes) -> str:
        """The digest of a file's content."""
        return _digest(data)

    def get(self, key: str) -> Facts | None:
        """The facts of a content that was read before."""
        stored = self._stored.get(key)
        if stored is None:
            return None
        try:
            facts = from_json(stored)
        except (TypeError, ValueError):  # well-formed, and not by this program
            return None
        self._used[key] = stored
        return facts

    def put(self, key: str, facts: Facts) -> None:
        """Keep the facts of a content."""
        self._used[key] = facts

    def save(self) -> None:
        """Write what this run used, if that is not what there was."""
        if self._folder is None or self._used.keys() == self._stored.keys():
            return
        text = json.dumps(self._used, separators=(",", ":"))
        header = f"{self._release} {_digest(text.encode())}\n"
        with contextlib.suppress(OSError):
            _write(self._folder, header + text)


def _write(folder: Path, text: str) -> None:
    """Put the file in its place at once: another run may be reading it."""
    folder.mkdir(parents=True, exist_ok=True)
    ignored = folder / ".gitignore"
    if not ignored.exists():
        ignored.write_text("*\n", encoding="utf-8")
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=folder, delete=False) as file:
        written = Path(file.name)
        try:
            file.write(text)
            file.flush()
            written.replace(folder / _FILE)
        except OSError:
            written.unlink(missing_ok=True)
            raise


def _read(file: Path, release: str) -> dict[str, Any]:
    try:
        if not file.is_file():  # to open a pipe would wait for its writer
            return {}
        header, _, text = file.read_bytes().partition(b"\n")
    except OSError:
        return {}
    if header != f"{release} {_digest(text)}".encode():
        return {}
    facts: dict[str, Any] = json.loads(text)
    return facts


def _release() -> str:
    """Another edition of the modules that read facts, or another Python, reads other facts from the same file.

    Empty where there is no telling: in a zip archive, say.
    """
    code = sorted((each.name, each.read_bytes()) for each in Path(__file__).parent.glob("*.py"))
    return _digest(repr((sys.version, code)).encode()) if code else ""


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()
