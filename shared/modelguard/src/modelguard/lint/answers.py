"""Questions that lead to further questions, and may lead back to themselves."""

from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

_LONGEST_CHAIN = 60  # of questions; an endless chain that never comes back ends here
_NOWHERE = -1

Answer = TypeVar("Answer")


class Answers(Generic[Answer]):
    """Everything that is asked is followed once.

    `node = node.left` asks what `node` is in order to say what `node` is. Such a circle is cut where it closes. What
    was found on the way is part of the answer only, and is forgotten when the first question is answered.
    """

    def __init__(self, distinct: Callable[[Iterable[Answer]], list[Answer]]) -> None:
        self._distinct = distinct
        self._known: dict[Hashable, list[Answer]] = {}
        self._partial: dict[Hashable, tuple[int, list[Answer]]] = {}
        self._open: dict[Hashable, int] = {}  # with its place in the chain
        self._back = 0  # the first place of the chain that something since led back to

    def to(self, question: Hashable, follow: Callable[[], Iterable[Answer]]) -> list[Answer]:
        """The answers to a question; `follow` finds them, and may ask in turn."""
        if question in self._known:
            return self._known[question]
        if question in self._partial:
            back, found = self._partial[question]
            self._back = min(self._back, back)
            return found
        if question in self._open or len(self._open) >= _LONGEST_CHAIN:
            self._back = min(self._back, self._open.get(question, _NOWHERE))
            return []
        return self._followed(question, follow)

    def _followed(self, question: Hashable, follow: Callable[[], Iterable[Answer]]) -> list[Answer]:
        place = len(self._open)
        before, self._back = self._back, place
        self._open[question] = place
        try:
            found = self._distinct(follow())
        finally:
            del self._open[question]
        back = self._back
        if back < place:
            self._partial[question] = (back, found)
        else:  # at most back to this very question: nothing is missing
            self._known[question] = found
        self._back = min(before, back)
        if not self._open:
            self._partial.clear()
        return found
