"""What the reconciler would do, without doing it: seats that somebody left behind when he died."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from lyceum_allocation import transitions
from lyceum_allocation.allocations import AllocationRepository
from lyceum_allocation.capacities import CapacityRepository
from lyceum_allocation.keys import seat_owner
from lyceum_allocation.models import Allocation

ToDo = Literal["confirm", "give back", "look: unknown allocation"]
"""Of an allocation that nobody knows nothing can be told: its document was deleted, or an old backup restored. Its seat
stays until a person has looked."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """A seat that is not as it should be at rest; while purchases are handled, some are always on their way."""

    trainer_id: str
    allocation_id: str
    epoch: int
    to_do: ToDo


def leftovers(allocations: AllocationRepository, capacities: CapacityRepository) -> Iterator[Leftover]:
    """Yield every seat that a reconciler would confirm or give back, or cannot judge; reads all seats, page by page."""
    last_id: str | None = None
    while page := capacities.with_seats(after_id=last_id):
        last_id = page[-1].id
        seats = [(holder.id, *seat_owner(seat.k)) for holder in page for seat in holder.seats]
        owners = allocations.by_id(allocations.not_holding(seats))
        unknown = allocations.unknown(owner for _, owner, _ in seats)
        for trainer_id, owner, epoch in seats:
            to_do: ToDo | None = "look: unknown allocation" if owner in unknown else None
            if owner in owners:
                to_do = _to_do(owners[owner], trainer_id, epoch)
            if to_do is not None:
                yield Leftover(trainer_id, owner, epoch, to_do)


def _to_do(owner: Allocation, trainer_id: str, epoch: int) -> ToDo | None:
    if transitions.seeks(owner, epoch):
        return "confirm"
    return "give back" if transitions.is_dead(owner, trainer_id, epoch) else None
