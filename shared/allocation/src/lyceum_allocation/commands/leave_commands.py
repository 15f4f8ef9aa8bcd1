"""`trainers leave` and `trainers return`: who is away, and what becomes of his students."""

from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice

import click

from lyceum_allocation.allocations import AllocationRepository
from lyceum_allocation.capacities import CapacityRepository
from lyceum_allocation.commands.naming import has_an_actor
from lyceum_allocation.commands.printing import echo_json, moment, print_whole, table
from lyceum_allocation.commands.refusal import Refusal, plain_refusals
from lyceum_allocation.commands.servers import database
from lyceum_allocation.commands.services import chooses_trainers, service
from lyceum_allocation.prospects import Prospect, Prospects
from lyceum_database import utc_now

MOST_SHOWN = 50


class Moment(click.ParamType[datetime]):
    """A day or a moment in UTC, or one with an offset."""

    name = "moment"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read ISO 8601."""
        if isinstance(value, datetime):
            return value
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no moment: write 2026-07-01, 2026-07-01T08:00 (UTC) or with an offset", param, ctx)
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


@click.command(
    epilog="\b\nExamples:\n  lyceum trainers leave t-ada --until 2026-07-01            # shows who would be moved\n"
    "  lyceum trainers leave t-ada --until 2026-07-01 --apply\n"
    "  lyceum trainers leave t-bo --for-good --apply --actor ada"
)
@click.argument("trainer")
@click.option("--until", type=Moment(), help="The first moment at which he is back.")
@click.option("--for-good", is_flag=True, help="He does not come back.")
@click.option("--apply", "--yes", "is_meant", is_flag=True, help="Do it. Without it nothing is changed.")
@has_an_actor
@chooses_trainers
@click.option("--json", "as_json", is_flag=True, help="One JSON object per student, or one with the counts.")
def leave(
    trainer: str,
    until: datetime | None,
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
        CapacityRepository().get(trainer)
        if not is_meant:
            _show(list(Prospects(AllocationRepository(), clock=utc_now).of(trainer)), trainer, as_json=as_json)
            return
        left = service(scarcity=scarcity).leave(trainer, until=until, for_good=for_good, actor=actor)
    if as_json:
        echo_json(left._asdict())
        return
    click.echo(f"Trainer {trainer} is {'gone' if until is None else f'away until {moment(until)}'}.")
    click.echo(f"{left.moved} students moved, {left.stayed} stay for now, {left.waiting} wait for another trainer.")


def _show(found: list[Prospect], trainer: str, *, as_json: bool) -> None:
    if as_json:
        for one in found:
            echo_json(asdict(one))
        return
    made = table("allocation", "student", "course", "skill", "others free for it")
    for one in islice(found, MOST_SHOWN):
        made.add_row(one.allocation_id, one.student_id, one.course_id, one.skill, str(one.others))
    if found:
        print_whole(made)
    more = f", the first {MOST_SHOWN} shown" if len(found) > MOST_SHOWN else ""
    alone = sum(one.others == 0 for one in found)
    click.echo(f"{len(found)} students of trainer {trainer}{more}; nobody else is free for {alone} of them.")
    click.echo("Nothing was changed: --apply does it.")


@click.command(
    "return",
    epilog="\b\nExample:\n  lyceum trainers return t-ada",
)
@click.argument("trainer")
@has_an_actor
@chooses_trainers
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def return_(trainer: str, actor: str, *, scarcity: bool, as_json: bool) -> None:
    """Let a TRAINER who was on leave, or had left, take students again.

    His students who wait for another trainer stay with him; who was moved meanwhile stays with the new one.
    """
    with plain_refusals(), database():
        stayed = service(scarcity=scarcity).come_back(trainer, actor=actor)
    if as_json:
        echo_json({"stayed": stayed})
    else:
        click.echo(f"Trainer {trainer} is back; {stayed} students who waited for another trainer stay with him.")
