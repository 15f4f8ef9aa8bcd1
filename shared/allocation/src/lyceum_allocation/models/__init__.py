"""The documents of this package; importing it registers them all."""

from lyceum_allocation.models.allocation import Allocation
from lyceum_allocation.models.trainer_capacity import Seat, TrainerCapacity

__all__ = ["Allocation", "Seat", "TrainerCapacity"]
