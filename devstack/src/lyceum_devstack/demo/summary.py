"""The result, to be read by a person: figures, then every promise with its verdict."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lyceum_devstack.check import Case, Finding, SeenTrainer
from lyceum_devstack.console import Glyphs, glyphs_for

_BAR_CELLS = 24
_SHOWN_PER_PROMISE = 5


@dataclass(frozen=True, slots=True)
class Result:
    """All that the summary shows; `guard` holds the model guard's counters at the end."""

    case: Case
    findings: Sequence[Finding]
    guard: Mapping[str, int]
    seconds: float


def show(console: Console, result: Result) -> None:
    """Print the summary."""
    glyphs = glyphs_for(console)
    section(console, "What happened", _figures(result))
    section(console, "Where seats are short", shortages(result.case))
    section(console, "Load per trainer", loads(result.case.seen.trainers, glyphs))
    section(console, "Dead letters by reason", _counted(letter.reason for letter in result.case.seen.letters))
    section(console, "Events published on `allocations`", _counted(_distinct_notices(result.case)))
    section(console, "The model guard's counters", _pairs(result.guard.items()))
    section(console, "Checked against the input", promises(result.findings, glyphs))
    console.print(verdict(result.findings))


def section(console: Console, title: str, table: Table) -> None:
    """Print a table under its title."""
    console.print(Text(f"\n{title}", style="bold"))
    console.print(Padding(table, (0, 0, 0, 2), expand=False) if table.row_count else Text("  none", style="dim"))


def aligned(*justify: str) -> Table:
    """Return a table without lines, its columns aligned as named."""
    grid = Table.grid(padding=(0, 2))
    for side in justify:
        grid.add_column(justify="right" if side == "right" else "left", overflow="fold")
    return grid


def _pairs(rows: Iterable[tuple[str, int]]) -> Table:
    grid = aligned("left", "right")
    for name, count in rows:
        grid.add_row(name, str(count))
    return grid


def _counted(names: Iterable[str]) -> Table:
    return _pairs(sorted(Counter(names).items()))


def _figures(result: Result) -> Table:
    case = result.case
    states = Counter(allocation.state for allocation in case.seen.allocations)
    event_ids = [record.event_id for record in case.sent if record.event_id]
    repeats = len(event_ids) - len(set(event_ids))
    failures = Counter(record.failures for record in case.sent if record.failures and not record.doomed)
    grid = aligned("left", "left")
    for what, figure in (
        ("published", f"{_several(len(case.sent), 'record')}, {repeats} of them repeats of an event"),
        ("allocated", _several(states["ASSIGNED"], "student")),
        ("waitlisted", _several(states["PENDING"], "student")),
        ("refunded", _several(len(case.expectation.ended), "enrolment")),
        ("retried", _several(failures.total(), "event") + _by_failures(failures)),
        ("dead-lettered", _several(len(case.seen.letters), "record")),
        ("time", f"{result.seconds:.0f} s"),
    ):
        grid.add_row(what, figure)
    return grid


def _several(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def _by_failures(failures: Counter[int]) -> str:
    parts = [f"{count} failed {times} x" for times, count in sorted(failures.items())]
    return f" ({', '.join(parts)}, then succeeded)" if parts else ""


def shortages(case: Case) -> Table:
    """List the skills that more students ask for than have a seat."""
    seated = Counter(entry.skill for entry in case.seen.allocations if entry.state == "ASSIGNED")
    grid = aligned("left", "left")
    for skill, share in case.expectation.shares.items():
        if seated[skill] < share.wanted:
            grid.add_row(str(skill), f"{share.wanted} want a seat, {seated[skill]} have one")
    return grid


def loads(trainers: Collection[SeenTrainer], glyphs: Glyphs) -> Table:
    """Show how full each trainer is."""
    grid = aligned("left", "right", "left")
    most = max((trainer.capacity for trainer in trainers), default=1)
    for trainer in sorted(trainers, key=lambda trainer: trainer.trainer_id):
        taken = len(trainer.seats)
        bar = Text(glyphs.filled * _cells(taken, most), style="green" if taken < trainer.capacity else "yellow")
        bar.append(glyphs.free * (_cells(trainer.capacity, most) - _cells(taken, most)), style="dim")
        grid.add_row(trainer.trainer_id, f"{taken}/{trainer.capacity}", bar)
    return grid


def _cells(seats: int, most: int) -> int:
    """One cell a seat; fewer where the largest trainer would not fit."""
    return seats if most <= _BAR_CELLS else round(seats * _BAR_CELLS / most)


def _distinct_notices(case: Case) -> list[str]:
    return list({notice.event_id: notice.type for notice in case.seen.notices}.values())


def promises(findings: Sequence[Finding], glyphs: Glyphs) -> Table:
    """List every promise, each broken one with what was found against it."""
    grid = aligned("left", "left")
    for finding in findings:
        sign = Text(glyphs.broken, style="bold red") if finding.against else Text(glyphs.kept, style="green")
        grid.add_row(sign, finding.promise)
        for against in finding.against[:_SHOWN_PER_PROMISE]:
            grid.add_row("", Text(against, style="red"))
        if len(finding.against) > _SHOWN_PER_PROMISE:
            grid.add_row("", f"{glyphs.more} and {len(finding.against) - _SHOWN_PER_PROMISE} more")
    return grid


def verdict(findings: Sequence[Finding]) -> Text:
    """Say in one line whether all is well."""
    broken = sum(bool(finding.against) for finding in findings)
    if broken:
        return Text(f"\n{broken} of {len(findings)} promises are broken: see above.", style="bold red")
    return Text(f"\nAll {len(findings)} promises hold.", style="bold green")
