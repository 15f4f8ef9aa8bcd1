"""What a process leaves that dies between its claim for somebody else and the look at whether he still waits."""

from lyceum_allocation import CapacityRepository
from lyceum_allocation.capacities import candidate_of
from lyceum_allocation.testing import trainer

from .orders import Orders
from .stage import Stage, allocation_database

SPARE = "spare"


def leak_a_seat(stage: Stage, orders: Orders) -> str:
    """Take a seat for an allocation that is cancelled; returns the seat's key, or "nothing" if none is cancelled.

    Raises:
        RuntimeError: It could not be taken.
    """
    cancelled = stage.outside[orders.name].allocations.find_one({"state": "CANCELLED", "epoch": {"$gte": 1}})
    if cancelled is None:
        return "nothing"
    key = f"{cancelled['_id']}:{cancelled['epoch']}"
    spare = trainer(SPARE, capacity=1, skills=["latin|en"])
    with allocation_database(orders):
        CapacityRepository().insert(spare)
        if not CapacityRepository().claim(candidate_of(spare.to_mongo().to_dict()), key):
            raise RuntimeError(f"trainer {SPARE} is new, and his seat could not be taken")
    return key
