"""Ids: strings of `[A-Za-z0-9_-]{1,64}`, UUIDv7 unless the caller chose one."""

import os
import re
import time
import uuid

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
    random = int.from_bytes(os.urandom(8)) >> 2
    value = (milliseconds << 80) | (0x7 << 76) | (fraction << 64) | (0b10 << 62) | random
    return str(uuid.UUID(int=value))


def is_id(value: object) -> bool:
    """Tell whether `value` may be stored as an id."""
    return isinstance(value, str) and _is_id(value) is not None
