"""The health check and the figures: `GET /livez`, `GET /readyz` and `GET /metrics`, for those who run containers."""

import asyncio
import errno
import json
import logging
import socket
from types import TracebackType
from typing import Self

from prometheus_client import CONTENT_TYPE_LATEST

from allocation_worker.program import AllocationWorker
from lyceum_program.errors import StartRefused

MOST_BYTES = 8192
"""Of a request; a health check sends a few hundred."""
PATIENCE_S = 5.0
READING = (b"GET", b"HEAD")

log = logging.getLogger(__name__)


class HealthServer:
    """Answers as long as the block runs, also while the worker waits for its servers.

    Health: 200 or 503, and a JSON body that says why. Metrics: Prometheus' text format.
    """

    def __init__(self, program: AllocationWorker, *, host: str, port: int) -> None:
        self._program = program
        self._host = host
        self._port = port
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """The port that is listened on."""
        assert self._server is not None, "inside the block only"  # noqa: S101 - a defect of the caller
        return int(self._server.sockets[0].getsockname()[1])

    async def __aenter__(self) -> Self:
        """Start to listen.

        Raises:
            StartRefused: the port cannot be had.
        """
        try:
            self._server = await asyncio.start_server(self._answer, self._host, self._port, limit=MOST_BYTES)
        except OSError as exc:
            raise StartRefused(self._refusal(exc)) from exc
        return self

    def _refusal(self, exc: OSError) -> str:
        if isinstance(exc, socket.gaierror) or exc.errno == errno.EADDRNOTAVAIL:
            return f"HEALTH_HOST {self._host}: {exc.strerror}: give an address of this machine, or 0.0.0.0 for all"
        return f"HEALTH_PORT {self._port} of HEALTH_HOST {self._host}: {exc.strerror or exc}: choose another port"

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(await self._response(head))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            log.debug("a health check broke off", extra={"action": "health_check"})
        finally:
            writer.close()

    async def _response(self, head: bytes) -> bytes:
        method, path, *_ = [*head.split(b"\r\n", 1)[0].split(b" "), b"", b""]
        if path.partition(b"?")[0] == b"/metrics" and method in READING:
            response = _response("200 OK", await self._program.metrics(), CONTENT_TYPE_LATEST)
        else:
            status, body = self._status(method, path)
            response = _response(status, json.dumps(body).encode())
        return response if method != b"HEAD" else response.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"

    def _status(self, method: bytes, path: bytes) -> tuple[str, dict[str, str]]:
        if method not in READING:
            return "405 Method Not Allowed", {"status": "only GET"}
        if path == b"/livez":
            alive = self._program.alive
            return ("200 OK", {"status": "alive"}) if alive else _unavailable("the poll task stands still")
        if path == b"/readyz":
            return ("200 OK", {"status": "ready"}) if self._program.ready else _unavailable(self._program.why_unready)
        return "404 Not Found", {"status": "no such page: ask for /livez, /readyz or /metrics"}


def _unavailable(why: str) -> tuple[str, dict[str, str]]:
    return "503 Service Unavailable", {"status": "unavailable", "why": why}


def _response(status: str, content: bytes, kind: str = "application/json") -> bytes:
    lines = (
        f"HTTP/1.1 {status}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(content)}",
        "Connection: close",
    )
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode() + content
