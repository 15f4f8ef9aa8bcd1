"""`allocations reconcile`: look at every seat now, instead of waiting for the worker's timer."""

from collections import Counter
from dataclasses import asdict

import click

from lyceum_allocation.allocations import AllocationRepository
from lyceum_allocation.capacities import CapacityRepository
from lyceum_allocation.commands.printing import short
from lyceum_allocation.commands.refusal import plain_refusals
from lyceum_allocation.commands.services import chooses_trainers, service
from lyceum_allocation.leftovers import Leftover, leftovers
from lyceum_program.commands.printing import counted, echo_json, print_whole, table
from lyceum_program.commands.servers import database

MOST_SHOWN = 50


@click.command(
    epilog="\b\nExamples:\n  lyceum allocations reconcile            # shows what was left behind\n"
    "  lyceum allocations reconcile --apply",
)
@click.option("--apply", "--yes", "is_meant", is_flag=True, help="Do it. Without it nothing is changed.")
@chooses_trainers
@click.option("--json", "as_json", is_flag=True, help="One JSON object per seat, or one with the counts.")
def reconcile(*, is_meant: bool, scarcity: bool, as_json: bool) -> None:
    """Confirm or give back every seat that a process left behind when it died.

    The workers do the same all the time, so there is rarely anything to do. A seat that is shown while purchases come
    in may be on its way to its student: look twice.
    """
    with plain_refusals(), database():
        found = list(leftovers(AllocationRepository(), CapacityRepository()))
        seated = service(scarcity=scarcity).reconcile() if is_meant else 0
    if not is_meant:
        _show(found, as_json=as_json)
        return
    counts = Counter(one.to_do for one in found)
    if as_json:
        echo_json(
            {
                "confirmed": counts["confirm"],
                "given_back": counts["give back"],
                "seated": seated,
                "unknown": counts["look: unknown allocation"],
            }
        )
        return
    click.echo(
        f"{counted(counts['confirm'], 'seat')} to confirm and {counts['give back']} to give back found and settled; "
        f"{counted(seated, 'student')} who waited got a trainer."
    )
    if unknown := counts["look: unknown allocation"]:
        click.echo(
            f"{counted(unknown, 'seat')} of allocations that do not exist left as they are: see them without --apply."
        )


def _show(found: list[Leftover], *, as_json: bool) -> None:
    if as_json:
        for one in found:
            echo_json(asdict(one))
        return
    made = table("trainer", "allocation", "epoch", "to do")
    for one in found[:MOST_SHOWN]:
        made.add_row(one.trainer_id, short(one.allocation_id), str(one.epoch), one.to_do)
    if found:
        print_whole(made)
    more = f", the first {MOST_SHOWN} shown" if len(found) > MOST_SHOWN else ""
    were = "was" if len(found) == 1 else "were"
    click.echo(f"{counted(len(found), 'seat')} {were} left behind{more}. Nothing was changed: --apply settles them.")
    if any(one.to_do == "look: unknown allocation" for one in found):
        click.echo(
            "Seats of allocations that do not exist are left to a person: was one deleted, or an old backup restored?"
        )
