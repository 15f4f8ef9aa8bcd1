"""`trainers`: who teaches, and how many students each takes."""

from datetime import datetime
from pathlib import Path

import click
from rich.table import Table

from lyceum_allocation.capacities import CapacityRepository
from lyceum_allocation.commands.leave_commands import leave, return_
from lyceum_allocation.commands.refusal import plain_refusals
from lyceum_allocation.models import TrainerCapacity
from lyceum_allocation.trainer_file import COLUMNS, read_trainers
from lyceum_allocation.trainer_import import import_trainers
from lyceum_database import DEFAULT_ORG, UserRepository, utc_now
from lyceum_program.commands.printing import counted, echo_json, moment, print_whole, table
from lyceum_program.commands.refusal import Refusal
from lyceum_program.commands.servers import database


@click.group(commands=[leave, return_])
def trainers() -> None:
    """Trainers: who teaches what, and how many students each takes."""


@trainers.command(
    "import",
    epilog=f"\b\nThe first line names the columns:\n  {','.join(COLUMNS)}\n"
    "Several subjects or languages stand in one cell, with ; between them:\n"
    "  t-ada,ada@example.org,Ada Lovelace,math;physics,en;fr,12,Europe/London\n\n"
    "\b\nExample:\n  lyceum trainers import trainers.csv",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--org", "org_id", default=DEFAULT_ORG, show_default=True, help="Organization that they work for.")
def import_(file: Path, org_id: str) -> None:
    """Add the trainers of a CSV FILE, or bring them up to date.

    The whole file is checked first; with a single mistake in it nothing is imported. Importing a file again changes
    nothing more. A capacity below the seats that are taken is stored: nobody loses his trainer, and no new student
    comes until enough seats are free again.
    """
    with plain_refusals():
        rows = read_trainers(file)
        with database():
            done = import_trainers(rows, users=UserRepository(), capacities=CapacityRepository(), org_id=org_id)
    counts = f"{done.added} added, {done.changed} changed, {done.unchanged} unchanged"
    click.echo(f"Imported {counted(len(rows), 'trainer')}: {counts}.")


@trainers.command(
    "list",
    epilog="\b\nExamples:\n  lyceum trainers list --skill 'math|en'\n"
    "  lyceum trainers list --json | jq -r 'select(.free > 0).id'",
)
@click.option("--skill", help="Only who teaches this: subject|language, such as 'math|en'.")
@click.option("--org", "org_id", default=DEFAULT_ORG, show_default=True, help="Organization.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def list_(skill: str | None, org_id: str, limit: int, *, as_json: bool) -> None:
    """List trainers: what they teach, how many students each has, and who is away."""
    if skill is not None and "|" not in skill:
        raise Refusal(f"--skill {skill!r}: a skill is subject|language, such as 'math|en'")
    wanted = {"org_id": org_id} if skill is None else {"org_id": org_id, "skills": skill.casefold()}
    with plain_refusals(), database():
        found = CapacityRepository().list_(limit=limit, **wanted)
    if as_json:
        for trainer in found:
            echo_json(_public(trainer))
        return
    if found:
        print_whole(_table(found, utc_now()))
    more = f", more than {limit} may match: raise --limit" if len(found) == limit else ""
    click.echo(f"{counted(len(found), 'trainer')}{more}.")


def _table(found: list[TrainerCapacity], now: datetime) -> Table:
    made = table("trainer", "students", "of", "util", "status", "last new student", "skills")
    for one in found:
        status = _status(one, now)
        util = f"{one.util_milli / 10:.0f} %"
        made.add_row(
            one.id, str(one.load), str(one.capacity), util, status, moment(one.last_assigned_at), " ".join(one.skills)
        )
    return made


def _status(trainer: TrainerCapacity, now: datetime) -> str:
    if not trainer.active:
        return "gone"
    if trainer.on_leave_until is not None and now < trainer.on_leave_until:
        return f"away until {moment(trainer.on_leave_until)}"
    return "full" if trainer.free <= 0 else "free seats"


def _public(trainer: TrainerCapacity) -> dict[str, object]:
    shown = (
        *("org_id", "skills", "capacity", "load", "free", "overdraft", "util_milli", "active", "on_leave_until"),
        *("max_new_per_day", "last_assigned_at"),
    )
    return {"id": trainer.id, **{name: getattr(trainer, name) for name in shown}}
