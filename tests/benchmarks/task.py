"""One run that a contestant is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One run of one runtime.

    Attributes:
        waits: The handler takes 0 to 5 ms instead of nothing.
        limit_s: The run ends so long after its first record, however far it came.
        options: What the runtime is to do differently.
        stamped: Records say when they were published.
        mongodb: Where an inbox in MongoDB is kept.
    """

    runtime: str
    bootstrap: str
    topic: str
    group: str
    records: int
    waits: bool
    limit_s: float
    options: dict[str, Any]
    stamped: bool = False
    mongodb: str = ""
