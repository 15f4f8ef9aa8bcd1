"""`allocations`: who has which trainer, and who waits."""

from collections.abc import Iterable
from typing import Any

import click
from rich.table import Table

from lyceum_allocation.allocations import AllocationRepository
from lyceum_allocation.commands.explain_command import explain
from lyceum_allocation.commands.move_command import move
from lyceum_allocation.commands.naming import allocation_named, id_of, names_an_allocation
from lyceum_allocation.commands.printing import print_history, short
from lyceum_allocation.commands.reconcile_command import reconcile
from lyceum_allocation.commands.refusal import plain_refusals
from lyceum_allocation.models import Allocation
from lyceum_allocation.states import UNSERVED_STATES, WAITING_STATES, AllocationState
from lyceum_database import DEFAULT_ORG
from lyceum_program.commands.printing import counted, echo_json, facts, moment, print_whole, table
from lyceum_program.commands.servers import database

STATES = tuple(state.value for state in AllocationState)
_INTERNAL = ("outbox", "outbox_due", "claiming_until", "schema_version", "waitlisted_epoch", "starved_epoch")


@click.group(commands=[explain, move, reconcile])
def allocations() -> None:
    """Allocations: who has which trainer, and who waits."""


@allocations.command(
    "list",
    epilog="\b\nExamples:\n  lyceum allocations list --state PENDING\n"
    "  lyceum allocations list --json | jq -r .student_id",
)
@click.option(
    "--state",
    type=click.Choice(STATES, case_sensitive=False),
    metavar=f"[{'|'.join(STATES)}]",
    help="Only these, in capitals or not.",
)
@click.option("--org", "org_id", default=DEFAULT_ORG, show_default=True, help="Organization.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def list_(state: str | None, org_id: str, limit: int, *, as_json: bool) -> None:
    """List allocations; those who wait in the order in which they are served."""
    with plain_refusals(), database():
        found = _listed(AllocationRepository(), state, org_id, limit)
    if as_json:
        for allocation in found:
            echo_json(_public(allocation))
        return
    if found:
        print_whole(_table(found))
    more = f", more than {limit} may match: raise --limit" if len(found) == limit else ""
    click.echo(f"{counted(len(found), 'allocation')}{more}.")


def _listed(allocations: AllocationRepository, state: str | None, org_id: str, limit: int) -> list[Allocation]:
    if state in WAITING_STATES:
        return allocations.longest_waiting(org_id=org_id, state=AllocationState(state), limit=limit)
    wanted = {"org_id": org_id} if state is None else {"org_id": org_id, "state": state}
    return allocations.list_(limit=limit, **wanted)


@allocations.command(
    epilog="\b\nExamples:\n  lyceum allocations show 8df5683904bef512f5adc11e9a1a53c8f52ea13f\n"
    "  lyceum allocations show --student s-17 --course algebra-1"
)
@names_an_allocation
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def show(allocation: str | None, student: str | None, course: str | None, org_id: str, *, as_json: bool) -> None:
    """Show one allocation with its history."""
    named = id_of(allocation, student, course, org_id)
    with plain_refusals(), database():
        found = allocation_named(AllocationRepository(), named, student, course, org_id)
    if as_json:
        echo_json(_public(found))
    else:
        _print(found)


def _table(found: Iterable[Allocation]) -> Table:
    made = table("allocation", "student", "course", "skill", "state", "trainer", "since")
    for one in found:
        since = one.waiting_since if one.state in WAITING_STATES else one.updated_at
        made.add_row(short(one.id), one.student_id, one.course_id, one.skill, one.state, _trainer(one), moment(since))
    return made


def _print(found: Allocation) -> None:
    rows = (
        ("allocation", found.id),
        ("student", found.student_id),
        ("course", found.course_id),
        ("skill", found.skill or "unknown, only its refund is known"),
        ("second language", found.second_language or "none"),
        ("state", found.state),
        ("trainer", _trainer(found)),
        ("waiting since", moment(found.waiting_since)),
        ("purchases", ", ".join(found.grants) or "none"),
        ("refunded", ", ".join(found.revoked) or "none"),
    )
    print_whole(facts(rows))
    click.echo()
    print_history(found.history)


def _trainer(found: Allocation) -> str:
    # A cancelled or waiting allocation still names its former trainer, for the student's return to him.
    return "" if found.state in UNSERVED_STATES else found.trainer_id or ""


def _public(found: Allocation) -> dict[str, Any]:
    document: dict[str, Any] = found.to_mongo().to_dict()
    document["id"] = document.pop("_id")
    return {name: value for name, value in document.items() if name not in _INTERNAL}
