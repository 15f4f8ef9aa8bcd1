"""Nobody outlives this program, not even if it is killed -9 while workers are suspended."""

import subprocess
from typing import Any

WATCH = "trap '' HUP INT TERM; read -r _; kill -KILL 0"
"""Standard input ends with the program that holds its other end; then the whole group goes, stopped or not.

The kernel hangs up on a group that is left alone with somebody suspended in it: this must not end the guard first."""


class Guard:
    """A process group whose leader kills it, itself included, as soon as this program is gone or says so."""

    def __init__(self) -> None:
        self._leader = subprocess.Popen(["/bin/sh", "-c", WATCH], stdin=subprocess.PIPE, process_group=0)

    def start(self, command: list[str], **options: Any) -> "subprocess.Popen[bytes]":
        """Start a process in the group."""
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=self._leader.pid, **options)

    def end(self) -> None:
        """Kill whoever is left; may be repeated."""
        if self._leader.stdin is not None and not self._leader.stdin.closed:
            self._leader.stdin.close()
        self._leader.wait()
