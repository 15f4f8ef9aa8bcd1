"""Records that aiokafka cannot read: a header name that is not UTF-8 makes its parsers raise, compiled or not.

aiokafka's own pure-Python parser does the work here, on a buffer that spells such names instead of raising.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final, NamedTuple, SupportsIndex, overload

from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import _DefaultRecordBatchPy

from keylane.broker import UnreadableHeaders

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keylane.broker import TopicPartition

BATCH_HEAD: Final = struct.Struct(">qi")
"""Base offset and length, in front of every batch of the message format v2, the only one that has headers."""


class RawRecord(NamedTuple):
    """A record of this module's own reading; attributes as in `keylane.broker.Record`."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


def read(message_set: bytes, tp: TopicPartition, position: int) -> tuple[list[RawRecord], int]:
    """The records of fetched bytes from `position` on, and the position behind them.

    Raises:
        CorruptRecordException: A checksum is wrong.
    """
    found: list[RawRecord] = []
    for batch in _batches(message_set):
        if not batch.validate_crc():
            raise CorruptRecordException(f"Invalid CRC - {tp}")
        if not batch.is_control_batch:
            found += [_record(tp, each) for each in batch if each.offset >= position]
        position = max(position, batch.next_offset)
    return found, position


def _batches(message_set: bytes) -> Iterator[Any]:
    start = 0
    while start + BATCH_HEAD.size <= len(message_set):
        end = start + BATCH_HEAD.size + BATCH_HEAD.unpack_from(message_set, start)[1]
        if end > len(message_set):
            return  # the broker cut it off at the limit of the fetch
        yield _Batch(message_set[start:end])
        start = end


def _record(tp: TopicPartition, parsed: Any) -> RawRecord:
    headers: Sequence[tuple[str, bytes | None]] = tuple(parsed.headers)
    if any(isinstance(name, _Spelled) for name, _ in headers):
        headers = UnreadableHeaders((str(name), value) for name, value in headers)
    return RawRecord(*tp, parsed.offset, parsed.timestamp, parsed.key, parsed.value, headers)


class _Spelled(str):
    """A name that was not UTF-8."""

    __slots__ = ()


class _Buffer(bytearray):
    """Slices decode with what is not UTF-8 spelled out; only names of headers are decoded."""

    @overload
    def __getitem__(self, index: SupportsIndex, /) -> int: ...
    @overload
    def __getitem__(self, index: slice, /) -> _Buffer: ...
    def __getitem__(self, index: Any, /) -> Any:
        part = super().__getitem__(index)
        return _Buffer(part) if isinstance(index, slice) else part

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        try:
            return super().decode(encoding, errors)
        except UnicodeDecodeError:
            return _Spelled(super().decode(encoding, "backslashreplace"))


class _Batch(_DefaultRecordBatchPy):  # type: ignore[misc]  # aiokafka ships no types
    def __iter__(self) -> Any:
        super().__iter__()
        self._buffer: Any = _Buffer(self._buffer)
        return self
