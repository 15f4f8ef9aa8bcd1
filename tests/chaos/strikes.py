"""Carries out the workers' faults, each when its moment has come."""

from collections.abc import Collection
from random import Random

from .crew import Crew, Member
from .faults import ServerFaults
from .schedule import Amid, Fault, Kind, restarts, worker_faults
from .witness import Witness


class Strikes:
    """Kills, suspends and restarts workers as a seed has it.

    Args:
        crew: On whom.
        witness: Knows who is at work, and at what.
        servers: A restart may wait for one of their faults.
        chance: Draws the schedule.
        seconds: How long it lasts.
    """

    def __init__(self, crew: Crew, witness: Witness, servers: ServerFaults, chance: Random, seconds: float) -> None:
        self._crew = crew
        self._witness = witness
        self._due = worker_faults(Random(chance.random()), seconds)
        self._restarts = restarts(Random(chance.random()), seconds)
        self._suspended: list[tuple[float, Member]] = []
        self._servers = servers
        self.now = "quiet"
        """What was done last."""

    def look(self, passed_s: float) -> None:
        """Do whatever is due, so many seconds after the first event was published."""
        if self._due and self._due[0].at_s <= passed_s and self._strike(self._due[0], passed_s):
            self._due.pop(0)
        ready = [fault for fault in self._restarts if fault.at_s <= passed_s]
        for fault in ready:
            if self._restart(fault):
                self._restarts.remove(fault)
        for until, member in [one for one in self._suspended if one[0] <= passed_s]:
            self._suspended.remove((until, member))
            self._crew.resume(member)

    @property
    def untested(self) -> set[Amid]:
        """Moments in which nobody was told to stop and ended well yet."""
        return set(Amid) - {restart.amid for restart in self._crew.restarts}

    def tell_the_rest(self) -> None:
        """Tell somebody to stop in each of those moments, if it is one of them."""
        under_way = {member.leaves for member in self._crew.members}
        for amid in sorted(self.untested - under_way):
            self._crew.restart(0.0, self._in_such_a_moment(amid), amid)

    def _strike(self, fault: Fault, passed_s: float) -> bool:
        """Whether the fault was carried out or spent itself; a suspension waits until somebody is at work."""
        working = self._witness.working
        if fault.kind is Kind.KILL:
            victim = self._crew.kill(fault.lot, working)
            self.now = f"kill -9 of {victim}" if victim else self.now
            return True
        member = self._crew.suspend(fault.lot, working)
        if member is not None:
            self.now = f"{member.name} suspended"
            self._suspended.append((passed_s + fault.seconds, member))
        return member is not None

    def _restart(self, fault: Fault) -> bool:
        amid = fault.amid or Amid.WORK
        victim = self._crew.restart(fault.lot, self._in_such_a_moment(amid), amid)
        self.now = f"{victim} told to stop, {amid}" if victim else self.now
        return bool(victim)

    def _in_such_a_moment(self, amid: Amid) -> Collection[str]:
        """Processes for which it is this kind of moment now."""
        if amid is Amid.LONG_RUN:
            return {process for process, events in self._witness.lingering.items() if events}
        if amid is Amid.REBALANCE:
            return self._witness.working & self._witness.rebalancing
        return self._witness.working if amid is Amid.WORK or self._servers.is_store_away else ()
