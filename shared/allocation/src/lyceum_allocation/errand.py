"""What a thread wants done for one student, by itself or by another thread of its process that is there first."""

from collections.abc import Callable
from contextvars import copy_context

from lyceum_allocation.lease import Lease


class Errand:
    """A seat that is sought for one student under a lease of this process.

    Whoever runs it does so in the context of the thread that it belongs to: its events carry that one's trace. What it
    fails with is raised there as well, and nowhere else.

    Attributes:
        lease: under which the seat is sought.
        cause_id: id of the event that led to it.
        is_begun: somebody seeks it, or has sought it.
    """

    def __init__(self, lease: Lease, *, cause_id: str | None) -> None:
        self.lease = lease
        self.cause_id = cause_id
        self.is_begun = False
        self._context = copy_context()
        self._is_over = False
        self._error: BaseException | None = None

    def run(self, seek: Callable[[], None]) -> None:
        """Seek the seat, and keep for the errand's own thread what came of it."""
        self.is_begun = True
        try:
            self._context.run(seek)
        except BaseException as exc:
            self._error = exc
            raise
        self._is_over = True

    def is_over(self) -> bool:
        """Tell its own thread whether another one saw to it.

        Raises:
            BaseException: what the other one met with.
        """
        if self._error is not None:
            raise self._error
        return self._is_over
