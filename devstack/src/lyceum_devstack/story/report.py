"""The day, to be read by a person: figures, then every promise with its verdict."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from lyceum_devstack.check import Case
from lyceum_devstack.console import glyphs_for
from lyceum_devstack.demo.summary import aligned, loads, promises, section, shortages, verdict
from lyceum_devstack.story.board import Step
from lyceum_devstack.story.plan import DayPlan
from lyceum_devstack.story.run import Outcome


def report(console: Console, day: DayPlan, outcome: Outcome, case: Case | None = None) -> None:
    """Print it.

    Args:
        console: where.
        day: what was planned.
        outcome: what became of it.
        case: what was found behind the screens, of a stack of the demo's own.
    """
    glyphs = glyphs_for(console)
    section(console, "What happened", _figures(day, outcome, case))
    section(console, "What was special", _habits(day))
    if case is not None:
        section(console, "Where seats are short", shortages(case))
        section(console, "Load per trainer", loads(case.seen.trainers, glyphs))
    section(
        console, "Checked on every screen" + (", and behind them" if case else ""), promises(outcome.findings, glyphs)
    )
    console.print(verdict(outcome.findings))
    if outcome.withdrawn is not None:
        console.print(
            f"{outcome.withdrawn} purchases given back and {len(day.courses)} courses withdrawn, so that the stack is "
            "free for the next day (--keep leaves them).",
            soft_wrap=True,
        )


def _figures(day: DayPlan, outcome: Outcome, case: Case | None) -> Table:
    reached, board = outcome.board.reached, outcome.board
    rows = [
        ("students", f"{len(day.students)}, of whom {reached[Step.PAID]} paid and {reached[Step.RETURNED]} left again"),
        ("trainers", f"{len(day.trainers)}, for {reached[Step.SERVED]} students; {reached[Step.WAITING]} wait"),
        ("conversations", f"{reached[Step.TALKED]}, with {board.messages} messages"),
        ("to the trainer's name", _spread(board.seconds_to_trainer)),
        ("to the trainer's answer", _spread(board.seconds_to_answer)),
        ("payment events", f"{outcome.deliveries} accepted, {len(outcome.school.forgeries)} forged, altered or stale"),
        ("requests", f"{outcome.requests}, {outcome.retried} of them again because a service was busy"),
    ]
    if case is not None:
        broken = sum(bool(sent.doomed) for sent in case.sent)
        failed = len(case.seen.failed)
        rows.append(("behind the screens", f"{failed} events failed at first, {broken} records were broken on purpose"))
    rows.append(("time", f"{outcome.seconds:.0f} s"))
    table = aligned("left", "left")
    for row in rows:
        table.add_row(*row)
    return table


def _spread(seconds: Sequence[float]) -> str:
    """Say the middle and the end of some durations."""
    if not seconds:
        return "nobody got so far"
    ordered = sorted(seconds)
    return f"{ordered[len(ordered) // 2]:.1f} s for one half, {ordered[-1 - len(ordered) // 100]:.1f} s for 99 of 100"


def _habits(day: DayPlan) -> Table:
    table = aligned("right", "left")
    habits = [student.habit for student in day.students]
    for habit in dict.fromkeys(habits):
        table.add_row(str(habits.count(habit)), str(habit))
    return table
