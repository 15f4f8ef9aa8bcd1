"""The words that the kit's documents use for their states; text in the database."""

from enum import StrEnum


class IdempotencyState(StrEnum):
    """running -> done; a run that its process did not survive is taken over when its lease ends."""

    RUNNING = "running"
    DONE = "done"
