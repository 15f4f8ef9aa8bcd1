"""What a handler receives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(slots=True, kw_only=True)  # not frozen: that would make it four times as dear, once per run
class Message:
    """One event, decoded, with what its run needs to be safe. To be read only: nothing looks at changes to it.

    Attributes:
        id: The event's id (`ce_id`). The same event published twice has the same id: key effects by it.
        type: The event's type (`ce_type`).
        source: Who published it (`ce_source`); empty when not given.
        key: The record's key: messages of one key run in order.
        data: The decoded JSON object.
        headers: Raw header values; the last of a repeated name wins. Attributes of a structured-mode event appear
            here under their binary-mode names (`ce_orgid`), so that a handler need not know the mode.
        time: When the event happened (`ce_time`), aware UTC; None when not given.
        topic: Where it was read.
        partition: Where it was read.
        offset: Where it was read.
        attempt: 1 for the first run; failed runs before this one, plus one. Survives restarts.
        fence: Grows with every claim on this message. An effect that carries it in its filter cannot be written by
            an owner that was overtaken, once a later one has written.
    """

    id: str
    type: str
    source: str
    key: bytes | None
    data: dict[str, Any]
    headers: Mapping[str, bytes]
    time: datetime | None
    topic: str
    partition: int
    offset: int
    attempt: int
    fence: int


Handler = Callable[[Message], Awaitable[None] | None]
"""Async handlers run on the loop; sync ones in a thread of the worker's own."""
