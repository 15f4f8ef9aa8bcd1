"""`trainers leave` and `trainers return`: who is away, and what becomes of his students."""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from itertools import islice

import click

from lyceum_allocation.allocations import AllocationRepository
from lyceum_allocation.commands.moments import Moment
from lyceum_allocation.commands.naming import has_an_actor, trainer_named
from lyceum_allocation.commands.printing import short
from lyceum_allocation.commands.refusal import plain_refusals
from lyceum_allocation.commands.services import chooses_trainers, service
from lyceum_allocation.prospects import Prospect, Prospects
from lyceum_allocation.states import MoveOutcome
from lyceum_database import DEFAULT_ORG, utc_now
from lyceum_program.commands.printing import counted, echo_json, moment, print_whole, table
from lyceum_program.commands.refusal import Refusal
from lyceum_program.commands.servers import database

MOST_SHOWN = 50
SAY_EVERY = 20
"""Students between two lines of progress: a second or so on a server in another house."""

_WOULD = {MoveOutcome.MOVED: "be moved", MoveOutcome.STAYED: "stay", MoveOutcome.WAITING: "wait"}


@click.command(
    epilog="\b\nExamples:\n  lyceum trainers leave t-ada --until 14d            # shows who would be moved\n"
    "  lyceum trainers leave t-ada --until 14d --apply\n"
    "  lyceum trainers leave t-bo --for-good --apply --actor ada"
)
@click.argument("trainer")
@click.option("--until", type=Moment(), help="The first moment at which he is back: 14d, 2w, 2027-07-01.")
@click.option("--for-good", is_flag=True, help="He does not come back.")
@click.option("--apply", "--yes", "is_meant", is_flag=True, help="Do it. Without it nothing is changed.")
@click.option("--org", "org_id", default=DEFAULT_ORG, show_default=True, help="Organization that he works for.")
@has_an_actor
@chooses_trainers
@click.option("--json", "as_json", is_flag=True, help="One JSON object per student, or one with the counts.")
def leave(
    trainer: str,
    until: datetime | None,
    org_id: str,
    actor: str,
    *,
    for_good: bool,
    is_meant: bool,
    scarcity: bool,
    as_json: bool,
) -> None:
    """Send a TRAINER on leave, or let him leave for good, and move his students.

    Nobody new comes to him from then on. Each student keeps the seat with him until another trainer has one. If nobody
    is free, students of a trainer on leave stay, and are moved as soon as somebody comes free; students of one who has
    left for good wait for another trainer, in the order of the waitlist.
    """
    if for_good == (until is not None):
        raise Refusal("give --until or --for-good, one of the two")
    if until is not None and until <= utc_now():
        raise Refusal(f"--until {moment(until)} is over: give a moment that is still to come")
    with plain_refusals(), database():
        trainer_named(trainer, org_id)
        if not is_meant:
            prospects = Prospects(AllocationRepository(), clock=utc_now, scarcity=scarcity)
            _show(list(prospects.of(trainer, for_good=for_good)), trainer, as_json=as_json)
            return
        left = service(scarcity=scarcity).leave(
            trainer, until=until, for_good=for_good, actor=actor, progress=_progress()
        )
    if as_json:
        echo_json(left._asdict())
        return
    click.echo(f"Trainer {trainer} is {'gone' if until is None else f'away until {moment(until)}'}.")
    click.echo(
        f"{counted(left.moved, 'student')} moved, {left.stayed} {'stays' if left.stayed == 1 else 'stay'} for now, "
        f"{left.waiting} {'waits' if left.waiting == 1 else 'wait'} for another trainer."
    )


def _progress() -> Callable[[MoveOutcome], None]:
    """Say on standard error now and then how far it is: a large move takes a while."""
    seen: Counter[MoveOutcome] = Counter()

    def progress(outcome: MoveOutcome) -> None:
        seen[outcome] += 1
        if seen.total() % SAY_EVERY == 0:
            click.echo(f"{seen.total()} students seen to, {seen[MoveOutcome.MOVED]} of them moved ...", err=True)

    return progress


def _show(found: list[Prospect], trainer: str, *, as_json: bool) -> None:
    if as_json:
        for one in found:
            echo_json(asdict(one))
        return
    made = table("allocation", "student", "course", "skill", "would")
    for one in islice(found, MOST_SHOWN):
        made.add_row(short(one.allocation_id), one.student_id, one.course_id, one.skill, _WOULD[one.outcome])
    if found:
        print_whole(made)
    more = f", the first {MOST_SHOWN} shown" if len(found) > MOST_SHOWN else ""
    counts = Counter(one.outcome for one in found)
    click.echo(
        f"{counted(len(found), 'student')} of trainer {trainer}{more}: {counts[MoveOutcome.MOVED]} would be moved, "
        f"{counts[MoveOutcome.STAYED]} would stay for now, {counts[MoveOutcome.WAITING]} would wait for another."
    )
    click.echo("Nothing was changed: --apply does it.")


@click.command(
    "return",
    epilog="\b\nExample:\n  lyceum trainers return t-ada",
)
@click.argument("trainer")
@click.option("--org", "org_id", default=DEFAULT_ORG, show_default=True, help="Organization that he works for.")
@has_an_actor
@chooses_trainers
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def return_(trainer: str, org_id: str, actor: str, *, scarcity: bool, as_json: bool) -> None:
    """Let a TRAINER who was on leave, or had left, take students again.

    His students who wait for another trainer stay with him; who was moved meanwhile stays with the new one.
    """
    with plain_refusals(), database():
        trainer_named(trainer, org_id)
        stayed = service(scarcity=scarcity).come_back(trainer, actor=actor)
    if as_json:
        echo_json({"stayed": stayed})
    else:
        stay = "stays" if stayed == 1 else "stay"
        who = f"{counted(stayed, 'student')} who waited for another trainer"
        click.echo(f"Trainer {trainer} is back; {who} {stay} with him.")
