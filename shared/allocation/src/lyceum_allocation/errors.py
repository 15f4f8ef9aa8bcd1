"""What can go wrong with allocations.

AllocationError
├── Contended               too many writers at one document: nothing is lost, try again
├── FileRefused             a file holds mistakes: nothing of it was used; .problems has one line each
├── LeaveRefused            a leave that cannot be meant: says what is wrong with it
├── LeaveInterrupted        storage failed half-way: the trainer is marked, the sweep goes on with his students
├── MoveRefused             too soon after the last move, or too many: the text says how to move all the same
├── ImportInterrupted       storage failed half-way: says exactly what was written
└── PublishingInterrupted   Kafka failed half-way: says what was published
"""

# ruff: noqa: N818 - each name answers "what happened?"; a suffix would repeat the root's

from collections.abc import Sequence

import lyceum_database


class AllocationError(Exception):
    """Root of all errors that this package raises."""


class Contended(AllocationError, lyceum_database.Contended):
    """A bounded number of compare-and-sets all met a newer version. Every step is safe to repeat."""


class FileRefused(AllocationError):
    """A file was refused as a whole.

    Attributes:
        problems: One line per mistake, each starting with ``file:line:``.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class LeaveRefused(AllocationError):
    """A leave needs an end that is still to come, or is for good. Nothing was written."""


class LeaveInterrupted(AllocationError):
    """Storage failed after the trainer was marked; the text says how far it came. The next sweep goes on."""


class MoveRefused(AllocationError):
    """The student was moved too recently or too often. Nothing was written; an override moves him all the same."""


class ImportInterrupted(AllocationError):
    """Storage failed during an import; the text says which rows are in. Importing the file again completes it."""


class PublishingInterrupted(AllocationError):
    """Kafka failed while a file was published; the text says which lines are in. Publishing it again completes it."""
