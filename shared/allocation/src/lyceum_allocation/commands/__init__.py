"""What an operator does with trainers, purchases and allocations: click groups, offered as `lyceum.commands`."""

from lyceum_allocation.commands.allocations import allocations
from lyceum_allocation.commands.purchases import purchases
from lyceum_allocation.commands.trainers import trainers

__all__ = ["allocations", "purchases", "trainers"]
