"""The idempotent producer of a publisher, replaced after its first failure and never before its records are settled.

aiokafka numbers a record when it takes it. One that the broker then refuses (too large, not allowed) leaves a gap, and
the broker refuses every later record of that partition with OUT_OF_ORDER_SEQUENCE_NUMBER. So a producer that had a
failure takes no more records; those that it still holds are waited for, as each of them may yet be written.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from aiokafka.errors import KafkaError

from keylane.connection import bounded
from keylane.dismantle import dismantle, started

if TYPE_CHECKING:
    from collections.abc import Callable

END_S: Final = 2.0
"""How long a former producer may take to disconnect, in seconds; it holds nothing by then."""


class Producers:
    """Sends through one producer at a time.

    Args:
        build: A new producer of aiokafka, not started.
    """

    def __init__(self, build: Callable[[], Any]) -> None:
        self._build = build
        self._current: Any = None
        self._starting = asyncio.Lock()
        self._unsettled: dict[Any, int] = {}
        self._ending: set[asyncio.Task[None]] = set()

    async def send(self, topic: str, **record: Any) -> asyncio.Future[Any]:
        """Hand one record to the current producer.

        Raises:
            KafkaError: It was not taken and never will be written.
        """
        producer = await self._started()
        self._unsettled[producer] += 1
        try:
            sent: asyncio.Future[Any] = await producer.send(topic, **record)
        except KafkaError:
            self._settled(producer, failed=True)
            raise
        except BaseException:  # cancelled while it waited for room or metadata: it holds nothing of ours
            self._settled(producer, failed=False)
            raise
        sent.add_done_callback(partial(self._done, producer))
        return sent

    def may_have(self, topic: str) -> bool:
        """Whether there may be this topic, for all that is known: False if brokers answer and none told of it."""
        return self._current is None or self._current.client.cluster.partitions_for_topic(topic) is not None

    async def close(self, *, timeout_s: float) -> None:
        """Flush and disconnect them all, within the time."""
        producers, self._current = list(self._unsettled), None
        self._unsettled.clear()
        await asyncio.gather(*(_end(producer, timeout_s) for producer in producers))
        if self._ending:
            await asyncio.wait(self._ending, timeout=timeout_s)

    async def _started(self) -> Any:
        async with self._starting:
            if self._current is None:
                producer = self._build()
                try:
                    await started(producer.start())
                except BaseException:
                    await _end(producer, 1.0)
                    raise
                self._current = producer
                self._unsettled[producer] = 0
            return self._current

    def _done(self, producer: Any, sent: asyncio.Future[Any]) -> None:
        self._settled(producer, failed=sent.cancelled() or sent.exception() is not None)

    def _settled(self, producer: Any, *, failed: bool) -> None:
        if producer not in self._unsettled:  # closed meanwhile
            return
        self._unsettled[producer] -= 1
        if failed and self._current is producer:
            self._current = None
        if self._current is not producer and self._unsettled[producer] == 0:
            del self._unsettled[producer]
            ending = asyncio.get_running_loop().create_task(_end(producer, END_S))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)


async def _end(producer: Any, timeout_s: float) -> None:
    await bounded(producer.stop(), timeout_s=timeout_s)
    await dismantle(producer)
