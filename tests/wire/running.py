"""The real worker: in this process, so that its models can be watched, or as a program of its own."""

import asyncio
import gc
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from allocation_worker.main import initialize, shutdown
from allocation_worker.program import AllocationWorker
from keylane import Message, RetryPolicy

from .deployment import WAIT_SECONDS, Deployment, until

ROOT = Path(__file__).resolve().parents[2]


class Failing:
    """Fails the first attempts at every event, and notes what each attempt found in its process."""

    def __init__(self, times: int, observe: Callable[[], object] = lambda: None) -> None:
        self._times = times
        self._observe = observe
        self._lock = threading.Lock()
        self.runs: defaultdict[str, list[int]] = defaultdict(list)
        """Event -> the attempt that each run was told it is."""
        self.observed: list[object] = []

    def forgive(self) -> None:
        """Fail nothing from now on."""
        self._times = 0

    def __call__(self, message: Message) -> None:
        with self._lock:
            self.runs[message.id].append(message.attempt)
            self.observed.append(self._observe())
            failed = len(self.runs[message.id]) <= self._times
        if failed:
            raise RuntimeError(f"failure {message.attempt} on purpose")


@contextmanager
def in_process(
    deployment: Deployment,
    before_attempt: Callable[[Message], None] | None = None,
    retry: RetryPolicy | None = None,
) -> Iterator[AllocationWorker]:
    """The worker in this process from ready to stopped, on a loop in a thread of its own."""
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        program = initialize(deployment.settings, before_attempt=before_attempt, retry=retry)
        thread = threading.Thread(target=runner.run, args=(program.run(),), name="worker")
        thread.start()
        try:
            until(lambda: program.ready, "the worker to be ready")
            yield program
        finally:
            loop.call_soon_threadsafe(program.request_stop)
            thread.join(WAIT_SECONDS)
            shutdown()
    assert not thread.is_alive(), "the worker did not stop"
    gc.collect()  # what it left open is found here, not in a later test


class WorkerProcess:
    """`python -m allocation_worker run` as a child process."""

    def __init__(self, deployment: Deployment, log: Path) -> None:
        self._health = _free_port()
        self._environment = deployment.environment
        self._log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, Path(__file__).with_name("counted_worker.py"), "run"],
                env=self._environment | {"HEALTH_PORT": str(self._health), "HEALTH_HOST": "127.0.0.1"},
                stdout=output,
                stderr=output,
            )

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    @property
    def why_unready(self) -> str | None:
        """What /readyz complains about; empty when ready, None when nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._health}/readyz", timeout=2):
                return ""
        except urllib.error.HTTPError as refusal:
            with refusal:
                return str(json.load(refusal)["why"])
        except OSError:
            return None

    def passes_health_check(self) -> bool:
        """Run the very command of the Dockerfile against this process."""
        dockerfile = (ROOT / "services" / "allocation_worker" / "Dockerfile").read_text(encoding="utf-8")
        (command,) = re.findall(r'CMD \["python", "-c", "(.*)"\]', dockerfile)
        environment = self._environment | {"HEALTH_PORT": str(self._health)}
        return subprocess.run([sys.executable, "-c", command], env=environment, check=False).returncode == 0

    def until_ready(self) -> None:
        until(lambda: self.why_unready == "" or self._ended(), "the worker process to be ready")
        assert not self._ended(), self.log

    def stop(self) -> dict[str, Any]:
        """SIGTERM; gives back what the guard counted after start and at the end."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(WAIT_SECONDS) == 0, self.log
        counted: dict[str, Any] = json.loads(self.log.splitlines()[-1])
        return counted

    def kill(self) -> None:
        """kill -9; does nothing to one that has ended."""
        if not self._ended():
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def _ended(self) -> bool:
        return self.process.poll() is not None


@contextmanager
def process(deployment: Deployment, log: Path) -> Iterator[WorkerProcess]:
    """A worker process that is gone afterwards, whatever happens."""
    worker = WorkerProcess(deployment, log)
    try:
        yield worker
    finally:
        worker.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
