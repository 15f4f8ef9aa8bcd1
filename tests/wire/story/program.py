"""One process of a program: started, watched at its port, killed and started again."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from real_servers.ports import LOOPBACK

ENDS_WITHIN_S = 40.0
LAST_LINES, LONGEST_LINE = 4, 300
"""Of a log, where something went wrong."""


class Program:
    """`python -m MODULE run`, on one port for all its lives.

    Args:
        name: for people.
        module: what is run.
        environment: all that it is told.
        port: where it was told to answer.
        folder: where its log goes.
    """

    def __init__(self, name: str, module: str, environment: Mapping[str, str], port: int, folder: Path) -> None:
        self.name = name
        self.lives = 0
        self._port = port
        self._module = module
        self._environment = dict(environment)
        self._log = folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> tuple[str, int]:
        return LOOPBACK, self._port

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""

    @property
    def last_lines(self) -> str:
        return "\n".join(line[:LONGEST_LINE] for line in self.log.splitlines()[-LAST_LINES:])

    def start(self) -> None:
        self.lives += 1
        with self._log.open("ab") as output:
            command = [sys.executable, "-m", self._module, "run"]
            self._process = subprocess.Popen(command, env=self._environment, stdout=output, stderr=output)

    def is_ready(self) -> bool:
        """Ask /readyz.

        Raises:
            AssertionError: it has ended; with what it said last.
        """
        assert self._running.poll() is None, f"{self.name} ended by itself: {self.last_lines}"
        connection = HTTPConnection(*self.address, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def kill(self) -> None:
        """kill -9, whatever it has in hand.

        Raises:
            AssertionError: it was dead already.
        """
        assert self._running.poll() is None, f"{self.name} had ended by itself: {self.last_lines}"
        os.kill(self._running.pid, signal.SIGKILL)
        self._running.wait()

    def ask_to_stop(self) -> None:
        if self._process is not None:
            self._process.terminate()

    def until_ended(self) -> None:
        """Wait for the end that was asked for; SIGKILL for one that does not listen."""
        if self._process is None:
            return
        try:
            self._process.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def exit_code(self) -> int | None:
        """Of a process that has ended."""
        return self._running.poll()

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, f"{self.name} was never started"
        return self._process
