"""What a worker did since its start."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counts:
    """Outcomes: of messages (done, dead, duplicate, ignored), of runs (failed, retried), of writes (fenced).

    `skipped` counts offsets that retention deleted before they were read: at most so many messages are lost.
    """

    done: int = 0
    failed: int = 0
    retried: int = 0
    dead: int = 0
    duplicate: int = 0
    ignored: int = 0
    fenced: int = 0
    skipped: int = 0
