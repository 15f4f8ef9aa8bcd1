"""`lyceum up` as a process of its own, and what one needs to speak to it."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATIENCE_S = 60.0


def environment(folder: Path, **variables: str) -> dict[str, str]:
    inherited = os.environ  # noqa: TID251 - what a child process is started with
    kept = {name: text for name, text in inherited.items() if name not in ("MONGODB_URI", "KAFKA_BOOTSTRAP")}
    return {**kept, "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1", **variables}


class Up:
    """The running stack."""

    def __init__(self, program: subprocess.Popen[str]) -> None:
        self.program = program
        self.said: list[str] = []

    def until(self, text: str) -> None:
        assert self.program.stdout is not None
        for line in self.program.stdout:
            self.said.append(line.rstrip())
            if text in line:
                return
        raise AssertionError("\n".join(self.said) + self.program.communicate()[1])

    def found(self, pattern: str) -> tuple[str, ...]:
        match = re.search(pattern, "\n".join(self.said))
        assert match is not None, self.said
        return match.groups()

    @property
    def address(self) -> str:
        return self.found(r"auth-service: (http://\S+)")[0]

    def ask(self, path: str, body: dict[str, str] | None = None, token: str | None = None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, headers)  # noqa: S310 - its own address
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310 - as above
            read: dict[str, Any] = json.load(answer)
        return read

    def sign_in(self, email: str, password: str) -> dict[str, Any]:
        token = self.ask("/v1/login", {"email": email, "password": password})["access_token"]
        return self.ask("/v1/me", token=token)

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        self.program.send_signal(number)
        out, err = self.program.communicate(timeout=PATIENCE_S)
        self.said += out.splitlines()
        assert "Traceback" not in err
        return self.program.returncode


@contextmanager
def up(folder: Path, *arguments: str, **variables: str) -> Iterator[Up]:
    command = [sys.executable, "-m", "lyceum_devstack", "up", "--first-port", "0", *arguments]
    program = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(folder, **variables)
    )
    running = Up(program)
    try:
        running.until("Ready. Ctrl-C stops.")
        yield running
    finally:
        program.kill()
        program.wait()
        for stream in (program.stdout, program.stderr):
            assert stream is not None
            stream.close()
