"""Ids: strings of `[A-Za-z0-9_-]{1,64}`, UUIDv7 unless the caller chose one."""

import os
import re
import time

MAX_LENGTH = 64  # characters
PATTERN = rf"\A[A-Za-z0-9_-]{{1,{MAX_LENGTH}}}\Z"

_is_id = re.compile(PATTERN).match


def new_id() -> str:
    """Return a UUIDv7 (RFC 9562): ids made later, to a quarter of a microsecond, sort later.

    The twelve bits after the milliseconds hold the fraction of the millisecond (the RFC's method 3), the rest is
    random, so processes need no coordination.
    """
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    fraction = nanoseconds * 4096 // 1_000_000
    random = (1 << 63) | (int.from_bytes(os.urandom(8)) >> 2)
    text = f"{milliseconds:012x}7{fraction:03x}{random:016x}"  # uuid.UUID would take three times as long
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def is_id(value: object) -> bool:
    """Tell whether `value` may be stored as an id."""
    return isinstance(value, str) and _is_id(value) is not None
