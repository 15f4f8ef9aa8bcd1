"""Ends what an aiokafka client leaves open: one that is stopped, or whose start is cut short.

With the broker away, aiokafka 0.14's `stop()` hangs or raises CancelledError and leaks tasks (the heartbeat among
them) and sockets; a `start()` that is cancelled while it asks for its first metadata leaks that connection. There is no
public way to end them, so this reads private attributes, each of which may be absent.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from aiokafka.conn import AIOKafkaConnection

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Iterator

FLUSH_S: Final = 0.2
"""How long a closed connection may take to send what it holds, in seconds; a frozen peer never takes it."""


async def started(starting: Coroutine[Any, Any, Any]) -> None:
    """Await a client's start; if this is cancelled, so is the start, and its connections are closed."""
    task = asyncio.get_running_loop().create_task(starting)
    try:
        await asyncio.wait([task])
    except asyncio.CancelledError:
        held = list(_connections_within(task))
        task.cancel()
        await asyncio.wait([task], timeout=1.0)
        await _close(held)
        if task.done() and not task.cancelled():
            task.exception()
        raise
    task.result()


async def dismantle(client: Any) -> None:
    """Cancel a stopped consumer's or producer's tasks and close its connections; never raises."""
    coordinator = getattr(client, "_coordinator", None)
    fetcher = getattr(client, "_fetcher", None)
    sender = getattr(client, "_sender", None)
    network = getattr(client, "_client", None) or getattr(client, "client", None) or client
    tasks = [
        getattr(coordinator, "_coordination_task", None),
        getattr(coordinator, "_heartbeat_task", None),
        getattr(coordinator, "_commit_refresh_task", None),
        getattr(coordinator, "_reset_committed_task", None),
        getattr(fetcher, "_fetch_task", None),
        *getattr(fetcher, "_pending_tasks", ()),
        getattr(sender, "_sender_task", None),
        getattr(network, "_sync_task", None),
    ]
    alive = [task for task in tasks if isinstance(task, asyncio.Future) and not task.done()]
    for task in alive:
        task.cancel()
    if alive:
        await asyncio.wait(alive, timeout=1.0)
    for task in tasks:
        if isinstance(task, asyncio.Future) and task.done() and not task.cancelled():
            task.exception()
    await _close(getattr(network, "_conns", {}).values())


async def _close(connections: Iterable[Any]) -> None:
    """Close them, and cut off those whose peer does not take what is still to be sent."""
    protocols = [getattr(conn, "_protocol", None) for conn in connections]
    closing = [ended for conn in connections if isinstance(ended := conn.close(), asyncio.Future)]
    open_ = [ended for ended in closing if not ended.done()]
    if open_:
        await asyncio.wait(open_, timeout=FLUSH_S)
    for protocol in protocols:
        transport = getattr(protocol, "_transport", None)
        if transport is not None:
            transport.abort()


def _connections_within(task: asyncio.Task[Any]) -> Iterator[Any]:
    """Connections that only the local variables of a suspended task know."""
    waiting: Any = task.get_coro()
    while (frame := getattr(waiting, "cr_frame", None)) is not None:
        yield from (value for value in frame.f_locals.values() if isinstance(value, AIOKafkaConnection))
        waiting = waiting.cr_await
