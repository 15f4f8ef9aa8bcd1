"""`trainers`: who teaches, and how many students each takes."""

from pathlib import Path

import click

from lyceum_allocation.capacities import CapacityRepository
from lyceum_allocation.commands.refusal import plain_refusals
from lyceum_allocation.commands.servers import database
from lyceum_allocation.trainer_file import COLUMNS, read_trainers
from lyceum_allocation.trainer_import import import_trainers
from lyceum_database import DEFAULT_ORG, UserRepository


@click.group()
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
    click.echo(
        f"Imported {len(rows)} trainers: {done.added} added, {done.changed} changed, {done.unchanged} unchanged."
    )
