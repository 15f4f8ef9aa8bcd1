"""Code that works on the database, stopped at any call to it: to die there, or to stand still while others work.

Before every call that reaches the store a hook of the calling thread is asked. So a run is repeatable, and one that
breaks a promise is an example.
"""

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from lyceum_database.connection import close, connect
from lyceum_database.documents import Record
from lyceum_database.embedded import EmbeddedMongoClient, embedded_settings
from lyceum_database.indexes import ensure_indexes

_databases = itertools.count()


class Crash(BaseException):
    """The process died here. No `except Exception` sees it, as none would see a kill."""


class _Gate:
    """The lock under which the embedded store runs each call; a thread may have a hook that is asked before."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._own = threading.local()

    def enrol(self, hook: Callable[[], None] | None) -> None:
        """Give the calling thread a hook, or take it away."""
        self._own.hook, self._own.depth = hook, 0

    def __enter__(self) -> None:
        hook = getattr(self._own, "hook", None)
        if hook is not None:
            if self._own.depth == 0:
                hook()
            self._own.depth += 1
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()
        if getattr(self._own, "hook", None) is not None:
            self._own.depth -= 1


_GATE = _Gate()


class _GatedClient(EmbeddedMongoClient):
    """The embedded store behind the gate."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._turn = _GATE  # type: ignore[assignment] # stands in for the lock


@contextmanager
def stepped_database(models: Sequence[type[Record]] = ()) -> Iterator[None]:
    """Connect to an empty embedded database whose calls can be counted and held, and close it afterwards."""
    connect(embedded_settings(f"stepping-{next(_databases)}"), client_class=_GatedClient)
    try:
        ensure_indexes(models)
        yield
    finally:
        _GATE.enrol(None)
        close()


def dies_after(calls: int, work: Callable[[], object]) -> bool:
    """Work until so many calls to the store were made, and die in place of the next one; False if there was none."""
    left = calls

    def count() -> None:
        nonlocal left
        if left == 0:
            raise Crash
        left -= 1

    _GATE.enrol(count)
    try:
        work()
    except Crash:
        return True
    finally:
        _GATE.enrol(None)
    return False


@dataclass
class Process:
    """Somebody at work in a thread, who stands still before each call to the store until he is let on."""

    work: Callable[[], object]
    gives_up: tuple[type[BaseException], ...] = ()
    """Errors that end the work and are no failure."""
    is_done: bool = False
    failures: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._dies = False
        self._go, self._stands = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._stands.acquire()

    def steps(self, calls: int | None) -> None:
        """Let so many calls to the store happen, or all there are."""
        while not self.is_done and calls != 0:
            self._step()
            calls = None if calls is None else calls - 1

    def end(self) -> None:
        """Let the process die where it stands."""
        self._dies = True
        self._step()
        self._thread.join()

    def _step(self) -> None:
        if not self.is_done:
            self._go.release()
            self._stands.acquire()

    def _wait_for_turn(self) -> None:
        self._stands.release()
        self._go.acquire()
        if self._dies:
            raise Crash

    def _run(self) -> None:
        ends: tuple[type[BaseException], ...] = (Crash, *self.gives_up)
        _GATE.enrol(self._wait_for_turn)
        try:
            self.work()
        except ends:
            pass
        except BaseException as exc:  # noqa: BLE001 - kept for the test's own thread
            self.failures.append(exc)
        self.is_done = True
        self._stands.release()


def two_suspended(works: Sequence[Callable[[], object]], order: Sequence[int], points: tuple[int, int]) -> None:
    """Suspend one process after so many calls, then another; the others work to their end, and the two go on.

    Raises:
        ExceptionGroup: of what any of them raised.
    """
    processes = [Process(work) for work in works]
    try:
        for index, calls in itertools.zip_longest(order, points):
            processes[index].steps(calls)
        for index in order:
            processes[index].steps(None)
    finally:
        for process in processes:
            process.end()
    failures = [failure for process in processes for failure in process.failures]
    if failures:
        raise BaseExceptionGroup("processes failed", failures)
