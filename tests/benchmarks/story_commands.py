"""The database commands of a request, recorded as a service sent them, and sent again without the service."""

from __future__ import annotations

import copy
import hashlib
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from pymongo import MongoClient, monitoring

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

REQUESTS = "AnyIO worker thread"
"""Begins the names of threads in which requests are answered."""
WRITES = ("insert", "update", "findAndModify", "delete")
_MADE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{24,64}|mark-[0-9a-z-]+")
"""Ids and hashes: of a thing that a request makes, another one makes others."""


class Tap(monitoring.CommandListener):
    """Keeps what any client of this process sends while it is open: all that requests ask, and what others write.

    What others read is left out: sweeps and relays look whether or not there are requests.
    """

    def __init__(self) -> None:
        self.commands: list[dict[str, Any]] = []
        self._open = threading.Event()

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        of_request = threading.current_thread().name.startswith(REQUESTS)
        if self._open.is_set() and (of_request or event.command_name in WRITES) and event.command_name != "ping":
            self.commands.append(_bare(event.command))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...

    def __enter__(self) -> Self:
        self.commands = []
        self._open.set()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.clear()


@dataclass(frozen=True, slots=True)
class Script:
    """What one request sends.

    Attributes:
        commands: in their order.
        kept: ids that stay what they are: of documents that are there before.
        documents: by collection, those that are to be there before; each repetition has its own.
    """

    commands: Sequence[dict[str, Any]]
    kept: frozenset[str] = frozenset()
    documents: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        names = [f"{next(iter(one))} {next(iter(one.values()))}" for one in self.commands]
        return ", ".join(f"{names.count(name)} {name}" for name in dict.fromkeys(names))

    def again(self, number: int) -> list[dict[str, Any]]:
        """The same for another thing of the same kind."""
        return [_renamed(one, number, self.kept) for one in self.commands]

    def documents_again(self, number: int) -> dict[str, list[dict[str, Any]]]:
        return {name: [_renamed(one, number, self.kept) for one in found] for name, found in self.documents.items()}


def prepared(database: Any, script: Script, numbers: Iterable[int]) -> list[list[dict[str, Any]]]:
    """Write what has to be there, and return the commands of each repetition."""
    numbers = list(numbers)
    for name in script.documents:
        database[name].insert_many([one for number in numbers for one in script.documents_again(number)[name]])
    return [script.again(number) for number in numbers]


def repeated(uri: str, name: str, scripts: Sequence[list[dict[str, Any]]], threads: int) -> tuple[float, int]:
    """Send the commands of all repetitions from so many threads.

    Returns:
        repetitions per second, and updates that found no document: then it was no fair comparison.
    """
    with MongoClient[dict[str, Any]](uri, maxPoolSize=threads) as client:
        database = client[name]
        database.command("ping")

        def play(first: int) -> int:
            return sum(_missed(database.command(one), one) for script in scripts[first::threads] for one in script)

        began = time.monotonic()
        with ThreadPoolExecutor(threads) as pool:
            missed = sum(pool.map(play, range(threads)))
        return len(scripts) / (time.monotonic() - began), missed


def _missed(answer: dict[str, Any], command: dict[str, Any]) -> int:
    if answer.get("writeErrors"):
        raise RuntimeError(f"{command} was refused: {answer['writeErrors']}")
    return int("update" in command and not answer["n"])


def _bare(command: Any) -> dict[str, Any]:
    """Without what belongs to the connection."""
    own = {"lsid", "txnNumber", "apiVersion"}
    return {name: copy.deepcopy(value) for name, value in command.items() if name not in own and name[0] != "$"}


def _renamed(part: Any, number: int, kept: frozenset[str]) -> Any:
    if isinstance(part, dict):
        return {_text(key, number, kept): _renamed(value, number, kept) for key, value in part.items()}
    if isinstance(part, list):
        return [_renamed(value, number, kept) for value in part]
    return _text(part, number, kept) if isinstance(part, str) else part


def _text(text: str, number: int, kept: frozenset[str]) -> str:
    def other(found: re.Match[str]) -> str:
        if found[0] in kept:
            return found[0]
        made = hashlib.sha256(f"{number}:{found[0]}".encode()).hexdigest()
        return made[: len(found[0])]

    return _MADE.sub(other, text)
