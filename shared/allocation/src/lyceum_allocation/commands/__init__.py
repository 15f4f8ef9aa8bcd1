"""What an operator does with trainers, purchases and allocations: click groups, offered as `lyceum.commands`."""

from lyceum_allocation.commands.allocation_commands import allocations
from lyceum_allocation.commands.purchase_commands import purchases
from lyceum_allocation.commands.trainer_commands import trainers

__all__ = ["allocations", "purchases", "trainers"]
