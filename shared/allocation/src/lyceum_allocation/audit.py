"""What must hold of the stored data at every moment, and what more must hold at rest."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

from lyceum_allocation.candidates import wish_of
from lyceum_allocation.capacities import candidate_of
from lyceum_allocation.keys import seat_key, seat_owner
from lyceum_allocation.models import Allocation, TrainerCapacity
from lyceum_allocation.rules import refusal, utilisation_milli
from lyceum_allocation.states import SEATED_STATES, WAITING_STATES, AllocationState
from lyceum_allocation.transitions import holds
from lyceum_database import Clock, translated_errors, utc_now


def violations(*, at_rest: bool = False, clock: Clock = utc_now) -> list[str]:
    """List every broken invariant, one line each; reads all documents.

    At rest means that nobody is at work and everything that crashed was delivered or swept again: then no seat is left
    over, nobody waits beside a seat that he could take, every lease has ended, nobody is with a trainer who has left
    for good unless he waits for another one, and nobody else is being moved.
    """
    with translated_errors():
        allocations = {allocation.id: allocation for allocation in Allocation.objects}
        capacities = {capacity.id: capacity for capacity in TrainerCapacity.objects}
    found = [line for capacity in capacities.values() for line in _of_capacity(capacity)]
    found += [line for allocation in allocations.values() for line in _of_allocation(allocation, capacities)]
    if at_rest:
        found += _left_over_seats(allocations, capacities.values())
        found += _waiting_beside_a_seat(allocations.values(), capacities.values(), clock())
        found += [line for allocation in allocations.values() for line in _with_a_leaver(allocation, capacities)]
    return found


def _of_capacity(capacity: TrainerCapacity) -> Iterator[str]:
    weights = sum(seat.w for seat in capacity.seats)
    if capacity.load != weights:
        yield f"trainer {capacity.id}: load {capacity.load}, seats weigh {weights}"
    if capacity.free != capacity.capacity - capacity.load:
        yield f"trainer {capacity.id}: free {capacity.free}, capacity {capacity.capacity}, load {capacity.load}"
    if capacity.util_milli != utilisation_milli(capacity.load, capacity.capacity):
        yield f"trainer {capacity.id}: utilisation {capacity.util_milli} does not follow from load and capacity"
    if capacity.load > capacity.capacity + capacity.overdraft:
        yield f"trainer {capacity.id}: over capacity, {capacity.load} of {capacity.capacity}"
    for key, count in Counter(seat.k for seat in capacity.seats).items():
        if count > 1:
            yield f"trainer {capacity.id}: holds seat {key} {count} times"


def _of_allocation(allocation: Allocation, capacities: dict[str, TrainerCapacity]) -> Iterator[str]:
    if both := set(allocation.grants) & set(allocation.revoked):
        yield f"allocation {allocation.id}: granted and revoked: {sorted(both)}"
    if bool(allocation.grants) == (allocation.state == AllocationState.CANCELLED):
        yield f"allocation {allocation.id}: {allocation.state} with {len(allocation.grants)} grants"
    if allocation.state in SEATED_STATES:
        holder = capacities.get(allocation.trainer_id or "")
        key = seat_key(allocation.id, allocation.seat_epoch or 0)
        if holder is None or all(seat.k != key for seat in holder.seats):
            yield f"allocation {allocation.id}: told of trainer {allocation.trainer_id}, who holds no seat for it"


def _left_over_seats(allocations: dict[str, Allocation], capacities: Iterable[TrainerCapacity]) -> Iterator[str]:
    for capacity in capacities:
        for seat in capacity.seats:
            owner, epoch = seat_owner(seat.k)
            if owner not in allocations or not holds(allocations[owner], capacity.id, epoch):
                yield f"trainer {capacity.id}: seat {seat.k} is nobody's"


def _waiting_beside_a_seat(
    allocations: Iterable[Allocation], capacities: Iterable[TrainerCapacity], now: datetime
) -> Iterator[str]:
    candidates = [(capacity.org_id, candidate_of(capacity.to_mongo().to_dict())) for capacity in capacities]
    for allocation in allocations:
        if allocation.state in WAITING_STATES:
            wish = wish_of(allocation, now)
            for org_id, candidate in candidates:
                if org_id == allocation.org_id and refusal(candidate, wish, now) is None:
                    yield f"allocation {allocation.id}: waits although trainer {candidate.trainer_id} is free"


def _with_a_leaver(allocation: Allocation, capacities: dict[str, TrainerCapacity]) -> Iterator[str]:
    holder = capacities.get(allocation.trainer_id or "")
    works = holder is not None and holder.active
    if allocation.state == AllocationState.ASSIGNED and not works:
        yield f"allocation {allocation.id}: left with trainer {allocation.trainer_id}, who has left"
    if allocation.state == AllocationState.MOVING and works:
        yield f"allocation {allocation.id}: is being moved from trainer {allocation.trainer_id} by nobody"
    if allocation.state in WAITING_STATES and allocation.claiming_until is not None:
        yield f"allocation {allocation.id}: a lease until {allocation.claiming_until.isoformat()} is left over"
