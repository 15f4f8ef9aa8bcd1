"""The allocation protocol as an explicit-state model: change it before the code.

Every interleaving of single-document atomic steps is explored, and a process may die before any of its steps and start
again from the beginning, as a redelivered message or the next sweep does. No unique index on seats is assumed.

Modelled: recording a purchase (1), look and claim (2), confirm (3), giving back a seat whose epoch is over (4), refunds
with tombstones (5), moves that keep the old seat until the new one is confirmed (6), the reconciler (7), sweeps, and
what a redelivery settles, also by an old read.
A drain that serves somebody else's allocation is the sweep of that allocation.
Not modelled: weights, hours, the order of the waitlist and its leases, partial refunds.

`python -m lyceum_allocation.protocol` explores all scenarios and prints what it found.
"""

from lyceum_allocation.protocol.explorer import Finding, explore
from lyceum_allocation.protocol.scenarios import BROKEN_CONTROLS, SCENARIOS, Scenario

__all__ = ["BROKEN_CONTROLS", "SCENARIOS", "Finding", "Scenario", "explore"]
