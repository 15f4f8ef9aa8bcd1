"""Trainer allocation: capacity, waitlist and refunds, safe under concurrency."""

from lyceum_allocation.allocations import AllocationRepository
from lyceum_allocation.capacities import CapacityRepository
from lyceum_allocation.errors import (
    AllocationError,
    Contended,
    FileRefused,
    ImportInterrupted,
    LeaveRefused,
    MoveRefused,
    PublishingInterrupted,
)
from lyceum_allocation.explanation import Explanation, Place, Shortage
from lyceum_allocation.fairness import Fairness, SkillFairness
from lyceum_allocation.keys import allocation_id, skill
from lyceum_allocation.leaves import Left
from lyceum_allocation.models import Allocation, Seat, TrainerCapacity
from lyceum_allocation.patience import Patience
from lyceum_allocation.purchase_file import PurchaseLine, read_purchases
from lyceum_allocation.service import AllocationService
from lyceum_allocation.states import AllocationState, MoveOutcome, MoveReason
from lyceum_allocation.trainer_file import TrainerRow, read_trainers
from lyceum_allocation.trainer_import import Imported, import_trainers
from lyceum_allocation.waiting_time import Estimate

__all__ = [
    "Allocation",
    "AllocationError",
    "AllocationRepository",
    "AllocationService",
    "AllocationState",
    "CapacityRepository",
    "Contended",
    "Estimate",
    "Explanation",
    "Fairness",
    "FileRefused",
    "ImportInterrupted",
    "Imported",
    "LeaveRefused",
    "Left",
    "MoveOutcome",
    "MoveReason",
    "MoveRefused",
    "Patience",
    "Place",
    "PublishingInterrupted",
    "PurchaseLine",
    "Seat",
    "Shortage",
    "SkillFairness",
    "TrainerCapacity",
    "TrainerRow",
    "allocation_id",
    "import_trainers",
    "read_purchases",
    "read_trainers",
    "skill",
]
