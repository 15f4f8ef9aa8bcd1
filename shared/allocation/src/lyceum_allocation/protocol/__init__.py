"""The allocation protocol as an explicit-state model: change it before the code.

Every interleaving of single-document atomic steps is explored, and a process may die before any of its steps and start
again from the beginning, as a redelivered message or the next sweep does. No unique index on seats is assumed.

Modelled: recording a purchase (1), look and claim (2), confirm (3), giving back a seat whose epoch is over (4), refunds
with tombstones, and partial ones (5), moves that keep the old seat until the new one is confirmed, leaves for good and
coming back (6), the reconciler (7), sweeps, what a redelivery settles, also by an old read, and the waitlist: its
order, wishes, leases that run out at any time, and several drains of one queue.

`SAFETY` scenarios claim at once, in any order: their promises need no queue. In `WAITLIST` and `MOVES` everybody goes
through the queue. There, no claim may take a seat that somebody needs who began to wait earlier: after it as many of
those in front, who hold no seat yet, can be served as before it. In front counts who was written down before. And as
long as nobody dies, nobody is left beside a seat that he could take, even before any timer comes.

Not modelled: weights, several queues that share trainers (the order is per queue), leaves that end by themselves.

`python -m lyceum_allocation.protocol` explores all scenarios, also the large ones, and prints what it found.
"""

from lyceum_allocation.protocol.explorer import Finding, explore
from lyceum_allocation.protocol.scenarios import BROKEN_CONTROLS, LARGE, SCENARIOS, Scenario

__all__ = ["BROKEN_CONTROLS", "LARGE", "SCENARIOS", "Finding", "Scenario", "explore"]
