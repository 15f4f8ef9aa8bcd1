"""A TCP proxy on this machine, to be told to cut, delay or swallow what passes between a client and its server."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Awaitable, Callable
from typing import Self

from real_servers.errors import ProxyFailed
from real_servers.ports import LOOPBACK

CHUNK_BYTES = 65_536
AT_ONCE = struct.pack("ii", 1, 0)
"""Socket option: linger for 0 s, so that closing resets."""
PATIENCE_S = 5.0
"""How long an order to the proxy may take."""


class Proxy:
    """Forwards a port of its own to `host:port`, on a loop in a thread of its own.

    Faults last until they are taken back; use as a context manager: entering listens, leaving cuts everything.

    Args:
        port: Where the server listens.
        host: Its address.
    """

    def __init__(self, port: int, *, host: str = LOOPBACK) -> None:
        self._target = (host, port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._open: asyncio.Event | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._delay_s = 0.0
        self._refusing = False
        self._server: asyncio.Server | None = None
        self.port = 0
        """Where clients connect."""

    @property
    def connections(self) -> int:
        """Clients connected now."""
        return len(self._writers) // 2

    def cut(self) -> None:
        """Reset every connection; new ones are accepted."""
        self._order(self._cut())

    def refuse(self) -> None:
        """Reset every connection, and every new one at once, until `restore()`."""
        self._refusing = True
        self.cut()

    def blackhole(self) -> None:
        """Keep connections open and let nothing through in either direction, until `restore()`."""
        self._order(self._set_open(False))

    def delay(self, seconds: float) -> None:
        """Hold every piece back for so long, in each direction, until `restore()`."""
        self._delay_s = seconds

    def restore(self) -> None:
        """Forward as at first; what a black hole held back is delivered now."""
        self._refusing, self._delay_s = False, 0.0
        self._order(self._set_open(True))

    def __enter__(self) -> Self:
        self._thread.start()
        self._order(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._order(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()

    def _order(self, work: Awaitable[None]) -> None:
        """Have it done on the proxy's loop, and wait for its end."""

        async def done() -> None:
            await work

        ordered = asyncio.run_coroutine_threadsafe(done(), self._loop)
        try:
            ordered.result(PATIENCE_S)
        except TimeoutError:
            raise ProxyFailed(f"the proxy of port {self._target[1]} did not obey within {PATIENCE_S:g} s") from None

    async def _listen(self) -> None:
        self._open = asyncio.Event()
        self._open.set()
        self._server = await asyncio.start_server(self._connected, LOOPBACK, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _set_open(self, wanted: bool) -> None:
        if self._open is None:
            return
        (self._open.set if wanted else self._open.clear)()

    async def _cut(self) -> None:
        for writer in self._writers:
            _reset(writer)

    async def _end(self) -> None:
        if self._server is not None:
            self._server.close()
        await self._cut()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self._refusing:
                _reset(writer)
                return
            there_reader, there_writer = await asyncio.open_connection(*self._target)
        except OSError:
            _reset(writer)
            return
        self._writers |= {writer, there_writer}
        for source, sink in ((reader, there_writer), (there_reader, writer)):
            pump = asyncio.ensure_future(self._pump(source, sink))
            self._pumps.add(pump)
            pump.add_done_callback(self._pumps.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Forward one direction until either end closes."""
        with contextlib.suppress(OSError):
            await forward(source, sink, self._passage)
        sink.close()
        self._writers.discard(sink)

    async def _passage(self) -> None:
        if self._delay_s:
            await asyncio.sleep(self._delay_s)
        if self._open is not None:
            await self._open.wait()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close as a broken network does: the other end is told of an error, not of an end."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    writer.transport.abort()


async def forward(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, passage: Callable[[], Awaitable[None]]
) -> None:
    """Copy until the source ends; each piece waits for its passage.

    Raises:
        OSError: An end was reset.
    """
    while piece := await source.read(CHUNK_BYTES):
        await passage()
        sink.write(piece)
        await sink.drain()
