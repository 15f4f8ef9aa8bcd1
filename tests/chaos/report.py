"""The verdict as a table."""

from collections.abc import Callable, Iterator, Mapping

from keylane.testing import Failpoint

from .conductor import Outcome
from .evidence import Evidence
from .figures import counted, dead_by_reason, given_up, left_by_stops, redeliveries, spread, takeovers_s
from .judge import abandoned, findings
from .orders import SESSION, World
from .schedule import Amid

WIDTH = 44
SHOWN = 5
"""Findings of one kind that are printed in full."""


class Verdict:
    """What the judge found, in every world."""

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome
        self.findings = {world: findings(evidence) for world, evidence in outcome.evidence.items()}
        stopped = {one.amid for one in outcome.restarts}
        died = {point for (_, point), count in outcome.died.items() if count}
        self.untested = [f"killed {point}" for point in Failpoint if point not in died]
        self.untested += [f"told to stop {amid}" for amid in Amid if amid not in stopped]

    @property
    def red(self) -> list[str]:
        """Rows of the table that should be 0 and are not, and such as should not be 0 and are."""
        return [*(charge for charge, count in self.totals.items() if count), *self.untested]

    @property
    def totals(self) -> dict[str, int]:
        """Charge -> findings in all worlds."""
        charges = next(iter(self.findings.values()))
        return {charge: sum(len(found[charge]) for found in self.findings.values()) for charge in charges}

    def lines(self) -> Iterator[str]:
        """The table, then the findings."""
        worlds = list(self._outcome.evidence)
        yield f"{'':{WIDTH}}" + "".join(f"{world:>16}" for world in worlds)
        for name, cells in self._rows():
            yield f"{name:{WIDTH}}" + "".join(f"{cells[world]:>16}" for world in worlds)
        yield ""
        yield from self._once()
        for world, found in self.findings.items():
            for charge, lines in found.items():
                for line in lines[:SHOWN]:
                    yield f"  {world}, {charge}: {line}"

    def _rows(self) -> Iterator[tuple[str, Mapping[World, str]]]:
        for name, cell in FACTS.items():
            yield name, {world: str(cell(evidence)) for world, evidence in self._outcome.evidence.items()}
        for charge in next(iter(self.findings.values())):
            yield f"{charge} (0)", {world: str(len(found[charge])) for world, found in self.findings.items()}
        for point in Failpoint:
            yield f"killed {point}", {world: str(self._died(point, world)) for world in self._outcome.evidence}
        for amid in Amid:
            yield f"told to stop {amid}", {world: str(self._stopped(amid, world)) for world in self._outcome.evidence}

    def _once(self) -> Iterator[str]:
        given = self._outcome
        died = sum(given.died.values())
        yield f"kill -9: {len(given.kills)} at random moments, {died} at failpoints; suspended: {given.suspensions}"
        yield "servers: " + ", ".join(f"{kind} {count}x" for kind, count in sorted(given.server_faults.items()))
        yield (
            "takeover after a kill, median / longest (kills), in s: "
            f"amid the faults {spread(takeovers_s(given.notes, given.kills))}"
            + (
                f", in the calm {spread(takeovers_s(given.notes, [given.calm_takeover]))}"
                if given.calm_takeover
                else ""
            )
            + f"; session {SESSION.total_seconds():g}"
        )
        if given.rest_s is not None:
            yield f"at rest {given.rest_s:.1f} s after the last fault"
        took_s = spread([one.took_s for one in given.restarts])
        yield f"told to stop amid the faults, median / longest (workers), in s: {took_s}"
        yield f"at rest all stopped within {given.stop_s:.1f} s"
        for world, evidence in given.evidence.items():
            for event in given_up(evidence)[:SHOWN]:
                yield f"  {world}, killed 5x in its runs: {event}, {abandoned(evidence)[event]} claims without an end"
        if given.refused:
            yield f"{given.refused} records were not acknowledged: whether they are in the log is not known, nor judged"
        if self.untested:
            yield f"NOT TESTED, as it never came to it: {', '.join(self.untested)}"

    def _died(self, point: Failpoint, world: World) -> int:
        return self._outcome.died.get((world, point), 0)

    def _stopped(self, amid: Amid, world: World) -> int:
        return sum(one.amid is amid and one.process.startswith(f"{world}-") for one in self._outcome.restarts)


def _dead(evidence: Evidence) -> set[str]:
    return {letter.event_id for letter in evidence.letters}


FACTS: Mapping[str, Callable[[Evidence], object]] = {
    "published": lambda evidence: len(evidence.acknowledged),
    "records": lambda evidence: len(evidence.log),
    "done": lambda evidence: len({event for _, event in evidence.applied} - _dead(evidence)),
    "dead": lambda evidence: len(_dead(evidence)),
    "of these killed 5x in their runs": lambda evidence: len(given_up(evidence)),
    "dead letters, one per poisoned record": lambda evidence: dead_by_reason(evidence).total(),
    "handler runs": lambda evidence: counted(evidence.notes, "ran"),
    "redelivered records": lambda evidence: redeliveries(evidence.notes),
    "results refused as overtaken": lambda evidence: counted(evidence.notes, "fenced"),
    "claims that stops left to their leases": left_by_stops,
}
