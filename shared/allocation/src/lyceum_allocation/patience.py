"""How often a compare-and-set is repeated, and how long in between."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from lyceum_allocation.errors import Contended


@dataclass(frozen=True, slots=True)
class Patience:
    """A bounded number of tries with growing, jittered pauses.

    Of n writers at one document one always gets through, so a try fails at most n - 1 times per write of the others;
    the pauses spread them out. 30 tries take 1.4 s on average in the worst case.
    """

    tries: int = 30
    first_pause_s: float = 0.002
    longest_pause_s: float = 0.1
    random: Random = field(default_factory=Random)
    sleep: Callable[[float], None] = time.sleep

    def attempts(self, what: str) -> Iterator[int]:
        """Yield a number per try, pausing before each but the first; the caller leaves the loop when it succeeds.

        What a try compares with is read after the pause, in the loop: read before, it would be stale.

        Raises:
            Contended: the tries are used up.
        """
        for number in range(self.tries):
            if number:
                self.sleep(self.random.uniform(0, min(self.longest_pause_s, self.first_pause_s * 2**number)))
            yield number
        raise Contended(f"{what}: {self.tries} tries all met somebody faster; nothing is lost, try again")
