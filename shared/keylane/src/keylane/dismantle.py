"""Ends what a stopped aiokafka client leaves running.

With the broker away, aiokafka 0.14's `stop()` hangs or raises CancelledError and leaks tasks (the heartbeat among
them) and sockets. There is no public way to end them, so this reads private attributes, each of which may be absent.
"""

from __future__ import annotations

import asyncio
from typing import Any


async def dismantle(client: Any) -> None:
    """Cancel a stopped consumer's or producer's tasks and close its connections; never raises."""
    coordinator = getattr(client, "_coordinator", None)
    fetcher = getattr(client, "_fetcher", None)
    sender = getattr(client, "_sender", None)
    network = getattr(client, "_client", None) or getattr(client, "client", None)
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
    for conn in getattr(network, "_conns", {}).values():
        conn.close()
