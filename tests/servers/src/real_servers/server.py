"""A server as a child process that can be started, frozen, killed and started again at the same address."""

import contextlib
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from real_servers import reaper
from real_servers.errors import ServerFailed

START_SECONDS = 60.0
STOP_SECONDS = 15.0
POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Recipe:
    """All that is particular to one server."""

    name: str
    address: str
    """What a client is given."""
    command: tuple[str, ...]
    answers: Callable[[], bool]
    """True once the server answers a request of its own protocol."""
    folder: Path
    """Data and log; removed by `Server.close`."""


class Server:
    """One server process, reachable at `address` whenever it runs.

    It dies with the process that started it. Use as a context manager: entering starts, leaving closes.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._process: subprocess.Popen[bytes] | None = None
        self._reaper: subprocess.Popen[bytes] | None = None
        self.start_seconds = 0.0
        """How long the last start took, until the server answered."""

    @property
    def name(self) -> str:
        return self._recipe.name

    @property
    def address(self) -> str:
        """The bootstrap address or URI, the same after every restart."""
        return self._recipe.address

    @property
    def log(self) -> Path:
        return self._recipe.folder / f"{self.name}.log"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._live().pid

    def start(self) -> Self:
        """Start and wait until the server answers its own protocol.

        Raises:
            ServerFailed: it ended or did not answer within 60 s.
        """
        if self.running:
            raise ServerFailed(f"{self.name} is running already", self.log)
        began = time.monotonic()
        try:
            self._spawn()
            self._await_answer(began)
        except BaseException:
            self.kill()
            raise
        self.start_seconds = time.monotonic() - began
        return self

    def stop(self) -> None:
        """End it gracefully (thawed first if frozen); kill it after 15 s. Stopping a stopped server does nothing."""
        if self.running:
            self.thaw()
            self._live().terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._live().wait(STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """SIGKILL, nothing flushed. Killing a stopped server does nothing."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._dismiss_reaper()

    def restart(self) -> Self:
        """Stop gracefully, then start on the same address and data."""
        self.stop()
        return self.start()

    def freeze(self) -> None:
        """Stop its clock: connections stay open and nothing answers."""
        self._live().send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._live().send_signal(signal.SIGCONT)

    def close(self) -> None:
        """Stop and remove data and log."""
        self.stop()
        shutil.rmtree(self._recipe.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _spawn(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._recipe.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self._reaper = subprocess.Popen(
            [sys.executable, "-I", "-S", reaper.__file__, str(self._process.pid)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def _await_answer(self, began: float) -> None:
        while not self._recipe.answers():
            if not self.running:
                raise ServerFailed(f"{self.name} ended while starting", self.log)
            if time.monotonic() - began > START_SECONDS:
                raise ServerFailed(f"{self.name} did not answer within {START_SECONDS:.0f} s", self.log)
            time.sleep(POLL_SECONDS)

    def _live(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            raise ServerFailed(f"{self.name} is not running", self.log)
        return self._process

    def _dismiss_reaper(self) -> None:
        """Only after the server has ended, and before its process id can be given to another."""
        if self._reaper is not None:
            self._reaper.kill()
            self._reaper.wait()
            if self._reaper.stdin is not None:
                self._reaper.stdin.close()
            self._reaper = None
