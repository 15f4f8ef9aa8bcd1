"""Trainer allocation: capacity, waitlist and refunds, safe under concurrency."""

from lyceum_allocation.allocations import AllocationRepository
from lyceum_allocation.capacities import CapacityRepository
from lyceum_allocation.errors import AllocationError, Contended, FileRefused, ImportInterrupted
from lyceum_allocation.keys import allocation_id, skill
from lyceum_allocation.models import Allocation, Seat, TrainerCapacity
from lyceum_allocation.patience import Patience
from lyceum_allocation.service import AllocationService
from lyceum_allocation.states import AllocationState

__all__ = [
    "Allocation",
    "AllocationError",
    "AllocationRepository",
    "AllocationService",
    "AllocationState",
    "CapacityRepository",
    "Contended",
    "FileRefused",
    "ImportInterrupted",
    "Patience",
    "Seat",
    "TrainerCapacity",
    "allocation_id",
    "skill",
]
