"""HTTP/1.1 over connections that are kept: as many as are asked for at one time, the one used last taken first.

Own code on h11, as httpx was measured to take half of the processor time of a demonstration whose two hundred clients
share that processor with the servers: it looks through all connections of its pool for every request.
"""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import h11

CHUNK_BYTES = 64 * 1024
END = h11.EndOfMessage()


class NotConnectedError(Exception):
    """Nobody listens there."""


class ConnectionBrokenError(Exception):
    """The connection ended before the whole answer was there."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connections:
    """Connections to one server.

    Args:
        address: `http://host:port/prefix`, or `https`.
        most: at one time; whoever comes then waits.
        connect_s: how long a connection may take to be made, in seconds.
        answer_s: how long an answer may take.
    """

    def __init__(self, address: str, *, most: int, connect_s: float, answer_s: float) -> None:
        parts = urlsplit(address)
        self._secure = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._secure else 80)
        self._prefix = parts.path
        self._authority = parts.netloc.rpartition("@")[2]
        self._turns = asyncio.Semaphore(most)
        self._idle: list[_Connection] = []
        self._connect_s = connect_s
        self._answer_s = answer_s

    async def send(self, method: str, target: str, headers: Sequence[tuple[str, str]], body: bytes) -> Response:
        """Send a request and return the answer.

        Raises:
            NotConnectedError: there is no server.
            ConnectionBrokenError: there is no answer, or not all of it.
        """
        lines = [("Host", self._authority), ("Content-Length", str(len(body))), *headers]
        request = h11.Request(method=method, target=self._prefix + target, headers=lines)
        async with self._turns:
            connection = self._idle.pop() if self._idle else await self._connected()
            try:
                async with asyncio.timeout(self._answer_s):
                    answer = await connection.exchange(request, body)
            except (OSError, TimeoutError, h11.RemoteProtocolError) as exc:
                connection.close()
                raise ConnectionBrokenError(str(exc) or type(exc).__name__) from exc
            except BaseException:
                connection.close()
                raise
            if connection.is_reusable():
                self._idle.append(connection)
            else:
                connection.close()
            return answer

    async def _connected(self) -> "_Connection":
        try:
            async with asyncio.timeout(self._connect_s):
                trust = ssl.create_default_context() if self._secure else None
                return _Connection(*await asyncio.open_connection(self._host, self._port, ssl=trust))
        except (OSError, TimeoutError) as exc:
            raise NotConnectedError(str(exc) or f"no answer within {self._connect_s:.0f} s") from exc

    def close(self) -> None:
        """Close what is not in use."""
        while self._idle:
            self._idle.pop().close()


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._protocol = h11.Connection(h11.CLIENT)

    async def exchange(self, request: h11.Request, body: bytes) -> Response:
        sent = [self._protocol.send(request), self._protocol.send(h11.Data(body)), self._protocol.send(END)]
        self._writer.write(b"".join(part for part in sent if part))
        await self._writer.drain()
        head: h11.Response | None = None
        content = b""
        while True:
            event = await self._next()
            if isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                content += event.data
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                headers = {name.decode(): value.decode("latin-1") for name, value in head.headers}
                return Response(head.status_code, headers, content)
            elif isinstance(event, h11.ConnectionClosed):
                raise ConnectionResetError("the server hung up")

    async def _next(self) -> object:
        while True:
            event = self._protocol.next_event()
            if event is not h11.NEED_DATA:
                return event
            self._protocol.receive_data(await self._reader.read(CHUNK_BYTES))

    def is_reusable(self) -> bool:
        if self._protocol.our_state is not h11.DONE or self._protocol.their_state is not h11.DONE:
            return False
        self._protocol.start_next_cycle()
        return True

    def close(self) -> None:
        self._writer.close()
