"""Which seats are free, whom they fit, and who is deprived of one."""

from itertools import permutations
from typing import Protocol

from lyceum_allocation.protocol.world import Key, Pass, Waiter, World


class Town(Protocol):
    """What the steps are told of a scenario."""

    @property
    def capacities(self) -> tuple[int, ...]:
        """Seats of each trainer."""

    def fits(self, alloc: int, trainer: int) -> bool:
        """Whether this trainer could serve this student."""


class Seats:
    """Counts seats; nothing here is a step."""

    def __init__(self, town: Town) -> None:
        self._town = town

    def fits(self, alloc: int, trainer: int) -> bool:
        """Whether this trainer could serve this student."""
        return self._town.fits(alloc, trainer)

    def able(self, waiter: Waiter, free: tuple[int, ...]) -> list[int]:
        """List the trainers with a free seat that this student could take."""
        avoided = None if waiter.read.seat is None else waiter.read.seat.trainer
        return [t for t, n in enumerate(free) if n > 0 and t != avoided and self._town.fits(waiter.alloc, t)]

    def free(self, world: World) -> tuple[int, ...]:
        """Count the free seats of each trainer."""
        return tuple(
            0 if trainer in world.gone else capacity - len(held)
            for trainer, (capacity, held) in enumerate(zip(self._town.capacities, world.seats, strict=True))
        )

    def none(self) -> tuple[int, ...]:
        """No seat of anybody."""
        return (0,) * len(self._town.capacities)

    def overtakes(self, before: World, after: World, drain: Pass) -> bool:
        """Whether fewer of those who began to wait before him can get a seat than could without this claim.

        The seat of a trainer who left after he was counted is lost to them by that, not by the claim.
        """
        counted = {trainer for trainer, seats in enumerate(zip(drain.free, drain.reserved, strict=True)) if any(seats)}
        ahead = [
            Waiter(number, alloc)
            for number, alloc in enumerate(before.allocs)
            if alloc.waits
            and alloc.since < drain.line[0].read.since
            and not any(Key(number, alloc.epoch) in held for held in before.seats)
        ]
        free_before, free_after = (self.free(world._replace(gone=world.gone - counted)) for world in (before, after))
        return self._most_served(ahead, free_after) < self._most_served(ahead, free_before)

    def _most_served(self, waiters: list[Waiter], free: tuple[int, ...]) -> int:
        most = 0
        for order in permutations(waiters):
            left, served = free, 0
            for waiter in order:
                able = self.able(waiter, left)
                if able:
                    served, left = served + 1, less(left, able[0])
            most = max(most, served)
        return most


def less(seats: tuple[int, ...], trainer: int) -> tuple[int, ...]:
    """One seat of this trainer less."""
    return tuple(count - (number == trainer) for number, count in enumerate(seats))


def more(seats: tuple[int, ...], trainer: int) -> tuple[int, ...]:
    """One seat of this trainer more."""
    return tuple(count + (number == trainer) for number, count in enumerate(seats))
