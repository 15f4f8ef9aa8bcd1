"""What the trainers' books say."""

from collections import Counter
from collections.abc import Iterator

from lyceum_devstack.check.case import Case
from lyceum_devstack.check.observation import Observation, SeenTrainer


def wrong_books(case: Case) -> Iterator[str]:
    """Name each trainer whose capacity, load, free seats and occupants do not agree with the input or one another."""
    trainers = case.expectation.trainers
    found = {trainer.trainer_id: trainer for trainer in case.seen.trainers}
    for trainer_id in sorted(trainers.keys() - found.keys()):
        yield f"trainer {trainer_id} was imported and is gone"
    for trainer_id in sorted(found.keys() - trainers.keys()):
        yield f"trainer {trainer_id} was never imported"
    for trainer_id in sorted(found.keys() & trainers.keys()):
        yield from _wrong_book(trainers[trainer_id].capacity, found[trainer_id])


def _wrong_book(capacity: int, trainer: SeenTrainer) -> Iterator[str]:
    name, taken = f"trainer {trainer.trainer_id}", len(trainer.seats)
    if trainer.capacity != capacity:
        yield f"{name} has capacity {trainer.capacity} and was imported with {capacity}"
    if taken > capacity:
        yield f"{name} has {taken} students on {capacity} seats"
    if trainer.load != taken:
        yield f"{name} counts a load of {trainer.load} and has {taken} students"
    if trainer.free != trainer.capacity - trainer.load:
        yield f"{name} counts {trainer.free} free seats of {trainer.capacity} with a load of {trainer.load}"


def shared_or_stray_seats(case: Case) -> Iterator[str]:
    """Name each student with two trainers or two documents, and each seat that nobody rightfully holds."""
    seen = case.seen
    documents = Counter(allocation.enrolment for allocation in seen.allocations)
    for enrolment, count in documents.items():
        if count > 1:
            yield f"{enrolment} has {count} allocations"
    seats = [(seat, trainer.trainer_id) for trainer in seen.trainers for seat in trainer.seats]
    taken = Counter(allocation_id for (allocation_id, _), _ in seats)
    for allocation_id, count in taken.items():
        if count > 1:
            yield f"allocation {allocation_id} holds {count} seats"
    yield from _strays(seats, seen)


def _strays(seats: list[tuple[tuple[str, int], str]], seen: Observation) -> Iterator[str]:
    held = {(entry.allocation_id, entry.epoch): entry.seat_of for entry in seen.allocations if entry.seat_of}
    for seat, trainer_id in seats:
        if held.get(seat) != trainer_id:
            yield f"trainer {trainer_id} keeps a seat for allocation {seat[0]}, which does not have it"
    for (allocation_id, epoch), trainer_id in held.items():
        if ((allocation_id, epoch), trainer_id) not in seats:
            yield f"allocation {allocation_id} names trainer {trainer_id}, who keeps no seat for it"
