"""A worker under load, watched from outside: `python -m tests.benchmarks.soak_worker BOOTSTRAP TOPIC GROUP KIND`.

It prints a line per second: how many records it has finished, retried and given up.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

from keylane import Fatal, Handler, KafkaSettings, MemoryInbox, Message, RetryPolicy, TopicSpec, Worker, ensure_topics

from .load import TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping

STUCK_KEY = b"key-0-0"
SLOW_S = 0.3
FAILS_ONE_IN = 100
DIES_ONE_IN = 20_000
PATIENT = RetryPolicy(max_attempts=1_000_000, cap=timedelta(seconds=1))


async def fails_sometimes(message: Message) -> None:
    """One record in a hundred fails once, one in twenty thousand is given up."""
    if message.offset % DIES_ONE_IN == 1:
        raise Fatal("given up on purpose")
    if message.offset % FAILS_ONE_IN == 0 and message.attempt == 1:
        raise ConnectionError("failed on purpose")


async def waits(_: Message) -> None:
    """So long that what is fetched piles up."""
    await asyncio.sleep(SLOW_S)


async def fails_one_key(message: Message) -> None:
    """All but one key are well."""
    if message.key == STUCK_KEY:
        raise ConnectionError("the server behind this key is away")


KINDS: Mapping[str, Handler] = {"soak": fails_sometimes, "large": waits, "stuck": fails_one_key}


async def work(bootstrap: str, topic: str, group: str, kind: str) -> None:
    """Work until SIGTERM."""
    settings = KafkaSettings(bootstrap_servers=bootstrap)
    retry = PATIENT if kind == "stuck" else RetryPolicy()
    worker = Worker(group, [topic], {TYPE: KINDS[kind]}, inbox=MemoryInbox(), settings=settings, retry=retry)
    own_topics = [TopicSpec(name, 1) for name in worker.needed_topics if name != topic]
    await ensure_topics(settings, own_topics)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.request_stop)
    telling = asyncio.create_task(tell(worker))
    await worker.run()
    telling.cancel()


async def tell(worker: Worker) -> None:
    while True:
        counts = worker.counts
        sys.stdout.write(f"{counts.done} {counts.retried} {counts.dead}\n")
        sys.stdout.flush()
        await asyncio.sleep(1.0)


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:]))
