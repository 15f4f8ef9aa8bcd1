"""Trouble on purpose, behind the screens: handlers that fail, records that come twice, records that are none."""

import asyncio
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from threading import Lock

from confluent_kafka import Message

from keylane import Message as Received
from lyceum_devstack.check import Sent
from lyceum_devstack.demo.faults import BrokenRecord, InjectedFault
from lyceum_devstack.demo.kafka import Publisher, read_all
from lyceum_devstack.demo.plan import Outgoing
from lyceum_devstack.demo.stage import PARTITIONS, Stage
from lyceum_devstack.story.board import Board, Step
from lyceum_devstack.story.patience import until

FAIL_ONCE_IN, FAIL_OFTEN_IN = 12, 40
"""One event in so many fails at its first run, or at its first four."""
OFTEN = 4
BROKEN = "broken-"
"""How the ids of records begin that are broken on purpose."""
COPIED = 25
"""Records of each topic that are published once more, byte for byte."""
LONGEST_DAY_S = 600.0


def failures_of(event_id: str | None) -> int:
    """Tell how often the handler of an event is to fail: the same for every run of it, and known to the check."""
    if event_id is None or event_id.startswith(BROKEN):
        return 0
    drawn = zlib.crc32(event_id.encode())
    if drawn % FAIL_OFTEN_IN == 0:
        return OFTEN
    return 1 if drawn % FAIL_ONCE_IN == 0 else 0


class Failing:
    """Stands before the worker's handlers, fails as often as it should, and counts."""

    def __init__(self) -> None:
        self._failed: Counter[str] = Counter()
        self._lock = Lock()

    def __call__(self, message: Received) -> None:
        """Let one run of a handler begin.

        Raises:
            InjectedFault: this run is to fail.
        """
        with self._lock:
            if self._failed[message.id] >= failures_of(message.id):
                return
            self._failed[message.id] += 1
        raise InjectedFault("failure on purpose")

    @property
    def failed(self) -> dict[str, int]:
        """Event id -> how often its handler was failed so far."""
        with self._lock:
            return dict(+self._failed)


class Disturbance:
    """Publishes what nobody should be misled by.

    Attributes:
        broken: the records that are none, where they lie.
        copied: how many records came twice.
    """

    def __init__(self, stage: Stage, broken: Sequence[BrokenRecord]) -> None:
        self._stage = stage
        self._records = broken
        self.broken = list[Sent]()
        self.copied = 0

    async def __call__(self, board: Board) -> None:
        """Disturb purchases once a third has paid, and allocations once most are served."""
        await _moment(lambda: board.reached[Step.PAID] * 3 >= board.students, board)
        await asyncio.to_thread(self._break)
        self.copied += await asyncio.to_thread(self._copy, self._stage.purchases)
        await _moment(
            lambda: (board.reached[Step.SERVED] + board.reached[Step.WAITING]) * 3 >= board.students * 2, board
        )
        self.copied += await asyncio.to_thread(self._copy, self._stage.allocations)

    def _break(self) -> None:
        records = [
            Outgoing(None, record.key, record.value, record.headers, fact=None, doomed=record.because)
            for record in self._records
        ]
        self.broken = Publisher(self._stage.bootstrap, self._stage.purchases).publish(records)

    def _copy(self, topic: str) -> int:
        found = [message for message in read_all(self._stage.bootstrap, topic, PARTITIONS) if _is_event(message)]
        again = [_again(message) for message in found[:: max(len(found) // COPIED, 1)]]
        Publisher(self._stage.bootstrap, topic).publish(again)
        return len(again)


async def _moment(so: Callable[[], bool], board: Board) -> None:
    """Wait for a moment of the day, or for its end if that never comes."""

    async def look() -> bool:
        return so() or board.reached[Step.DONE] >= board.students

    await until(look, "the day goes on", within_s=LONGEST_DAY_S)


def _is_event(message: Message) -> bool:
    return not (event_id(message) or BROKEN).startswith(BROKEN)


def _again(message: Message) -> Outgoing:
    headers = tuple((name, bytes(value or b"")) for name, value in headers_of(message))
    return Outgoing(event_id(message), bytes(message.key() or b""), message.value(), headers, fact=None)


def event_id(message: Message) -> str | None:
    """Return the id of the event that a record holds; None if it names none."""
    value = dict(headers_of(message)).get("ce_id")
    return value.decode(errors="replace") if isinstance(value, bytes) else None


def headers_of(message: Message) -> list[tuple[str, bytes | None]]:
    """Return the headers of a record."""
    headers = message.headers() or []
    pairs = headers.items() if isinstance(headers, dict) else headers
    return [(name, value.encode() if isinstance(value, str) else value) for name, value in pairs]
