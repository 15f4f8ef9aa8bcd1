"""What one consumer of aiokafka delivers, where nothing is passed over in silence.

aiokafka 0.14's `getmany` can neither deliver nor skip a record with a header name that is not UTF-8, and loses what it
had taken from other partitions when it meets one. A reset of offsets says nothing: here the consumer has no reset
policy, so that records which retention deleted before they were read are noticed. And it throws away what it fetched of
a partition that is paused, unless it is asked for the others by name.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import aiokafka
from aiokafka.errors import NoOffsetForPartitionError, OffsetOutOfRangeError
from aiokafka.protocol.fetch import FetchRequest

from keylane.broker import TopicPartition
from keylane.errors import BrokerUnavailableError
from keylane.unreadable import read

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from keylane.broker import Record

log = logging.getLogger("keylane")

MAX_FETCH_BYTES: Final = 1024 * 1024
"""Bytes of one partition per fetch: what the client may hold beyond the worker's own bounds."""
MAX_FETCH_WAIT_MS: Final = 50
"""How long a broker may keep a fetch that finds nothing, in milliseconds. aiokafka has one fetch per broker in flight,
so a partition that is resumed waits for the end of one that was sent for others, such as an empty replay topic."""
NOTHING: Final = aiokafka.TopicPartition("", 0)
"""Asked for alone where all partitions are paused, as no name at all means every one of them."""


class Feed:
    """Records of one group member, in log order per partition.

    Args:
        consumer: Of aiokafka, started or not, with `auto_offset_reset="none"`.
        skipped: Told which offsets were deleted before they were read.
    """

    def __init__(self, consumer: Any, skipped: Callable[[TopicPartition, int, int], None]) -> None:
        self._consumer = consumer
        self._skipped = skipped
        self._next: dict[TopicPartition, int] = {}
        self._epoch = 0
        self._reading_again = False

    def begin(self) -> None:
        """Other partitions, or the same ones anew: every position is what the group committed."""
        self._epoch += 1
        self._next = {}
        self._reading_again = False

    async def poll(self, *, max_records: int, timeout_s: float) -> Mapping[TopicPartition, Sequence[Record]]:
        """The next records; none after `timeout_s`, or when a position had to be found first.

        Raises:
            KafkaError: The consumer is broken.
            BrokerUnavailableError: What was delivered is no longer in the log: a new membership is needed.
        """
        try:
            wanted = self._wanted()
            batch = await self._consumer.getmany(*wanted, timeout_ms=int(timeout_s * 1000), max_records=max_records)
        except UnicodeDecodeError:
            return await self._read_again()
        except NoOffsetForPartitionError as exc:
            await self._start(exc.args[0])
            return {}
        except OffsetOutOfRangeError as exc:
            for tp, position in exc.args[0].items():
                await self._find(tp, position)
            return {}
        for tp, records in batch.items():
            self._next[tp] = records[-1].offset + 1
        return batch  # type: ignore[no-any-return]  # aiokafka ships no types; its records have the port's attributes

    def position(self, tp: TopicPartition) -> int | None:
        """The offset behind all that was delivered, and behind what is no record; None if it is not known now."""
        if self._reading_again:  # given up half-way: the client stands behind records that nobody got
            return None
        subscription = self._consumer._subscription.subscription  # noqa: SLF001  the public way waits for a position
        state = subscription.assignment.state_value(tp) if subscription.assignment is not None else None
        return state.position if state is not None and state.has_valid_position else None

    def _wanted(self) -> Collection[Any]:
        """Partitions to name in a fetch; none for all of them."""
        paused = self._consumer.paused()
        return (self._consumer.assignment() - paused or (NOTHING,)) if paused else ()

    async def _start(self, tp: Any) -> None:
        """Nothing was ever committed: everything that the log holds is new."""
        first = (await self._consumer.beginning_offsets([tp]))[tp]
        self._seek(tp, first)

    async def _find(self, tp: Any, position: int) -> None:
        epoch = self._epoch
        first = (await self._consumer.beginning_offsets([tp]))[tp]
        end = (await self._consumer.end_offsets([tp]))[tp]
        if epoch != self._epoch:
            return
        if position < first:
            self._skipped(TopicPartition(*tp), position, first)
            self._seek(tp, first)
        elif position <= end:  # a leader that was behind for a moment
            self._seek(tp, position)
        else:
            self._cut_off(tp, position, end)
            self._seek(tp, first)

    def _cut_off(self, tp: Any, position: int, end: int) -> None:
        place = f"{tp.topic}-{tp.partition}"
        log.error(
            "%s ends at %d, before the position %d: it was truncated or made anew, and is read from its start",
            place,
            end,
            position,
            extra={"action": "log_cut_off"},
        )
        if tp in self._next:
            raise BrokerUnavailableError(f"{place} was cut off behind what was delivered: joining anew")

    def _seek(self, tp: Any, offset: int) -> None:
        if tp in self._consumer.assignment():
            self._consumer.seek(tp, offset)

    async def _read_again(self) -> Mapping[TopicPartition, Sequence[Record]]:
        """Fetch the bytes of every partition from where its delivery ended, and read them leniently."""
        epoch = self._epoch
        self._reading_again = True
        found: dict[TopicPartition, Sequence[Record]] = {}
        for tp in self._consumer.assignment() - self._consumer.paused():
            start = await self._delivered_to(tp)
            records, behind = read(await self._fetch(tp, start), tp, start)
            if epoch != self._epoch:
                return {}  # rebalanced meanwhile: what was found is another epoch's
            self._seek(tp, behind)
            if records:
                found[tp] = records
                self._next[tp] = behind
        self._reading_again = False
        return found

    async def _delivered_to(self, tp: Any) -> int:
        if (known := self._next.get(tp)) is not None:
            return known
        committed = await self._consumer.committed(tp)
        return int(committed if committed is not None else (await self._consumer.beginning_offsets([tp]))[tp])

    async def _fetch(self, tp: Any, position: int) -> bytes:
        client = self._consumer._client  # noqa: SLF001  no public way gives the bytes
        request = FetchRequest(0, 0, MAX_FETCH_BYTES, 0, [(tp.topic, [(tp.partition, position, MAX_FETCH_BYTES)])])
        response = await client.send(client.cluster.leader_for_partition(tp), request)
        return next((part[-1] for _, parts in response.topics for part in parts), None) or b""
