"""`allocations`: who has which trainer, and who waits."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from lyceum_allocation.allocations import AllocationRepository
from lyceum_allocation.commands.refusal import Refusal, plain_refusals
from lyceum_allocation.commands.servers import database
from lyceum_allocation.keys import allocation_id
from lyceum_allocation.models import Allocation
from lyceum_allocation.states import AllocationState
from lyceum_database import DEFAULT_ORG

_INTERNAL = ("outbox", "outbox_due", "claiming_until", "schema_version", "waitlisted_epoch")
_ENDLESS = 100_000


@click.group()
def allocations() -> None:
    """Allocations: who has which trainer, and who waits."""


@allocations.command(
    "list",
    epilog="\b\nExamples:\n  lyceum allocations list --state PENDING\n"
    "  lyceum allocations list --json | jq -r .student_id",
)
@click.option("--state", type=click.Choice([state.value for state in AllocationState], case_sensitive=False))
@click.option("--org", "org_id", default=DEFAULT_ORG, show_default=True, help="Organization.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def list_(state: str | None, org_id: str, limit: int, *, as_json: bool) -> None:
    """List allocations."""
    wanted = {"org_id": org_id} if state is None else {"org_id": org_id, "state": state}
    with plain_refusals(), database():
        found = AllocationRepository().list_(limit=limit, **wanted)
    if as_json:
        for allocation in found:
            click.echo(_json(allocation))
        return
    _print_whole(_table(found))
    more = f", more than {limit} may match: raise --limit" if len(found) == limit else ""
    click.echo(f"{len(found)} allocations{more}.")


@allocations.command(
    epilog="\b\nExamples:\n  lyceum allocations show 8df5683904bef512f5adc11e9a1a53c8f52ea13f\n"
    "  lyceum allocations show --student s-17 --course algebra-1"
)
@click.argument("allocation", required=False)
@click.option("--student", help="Instead of the allocation's id, together with --course.")
@click.option("--course", help="Instead of the allocation's id, together with --student.")
@click.option("--org", "org_id", default=DEFAULT_ORG, show_default=True, help="Organization.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def show(allocation: str | None, student: str | None, course: str | None, org_id: str, *, as_json: bool) -> None:
    """Show one allocation with its history."""
    if student and course and allocation is None:
        allocation = allocation_id(org_id, student, course)
    elif allocation is None or student or course:
        raise Refusal("give the allocation's id, or --student and --course")
    with plain_refusals(), database():
        found = AllocationRepository().get(allocation, org_id=org_id)
    if as_json:
        click.echo(_json(found))
    else:
        _print(found)


def _print_whole(table: Table) -> None:
    """Print each row in one line, however narrow the terminal: an id that was cut could not be copied."""
    # What people stored is shown as it is: brackets in it are no markup.
    console = Console(markup=False, highlight=False, emoji=False)
    everything = console.options.update(max_width=_ENDLESS)
    console.width = max(console.width, Measurement.get(console, everything, table).maximum)
    console.print(table, crop=False)


def _table(found: Iterable[Allocation]) -> Table:
    table = Table("allocation", "student", "course", "skill", "state", "trainer", "since", box=None, pad_edge=False)
    for one in found:
        table.add_row(
            one.id, one.student_id, one.course_id, one.skill, one.state, _trainer(one), _moment(one.updated_at)
        )
    return table


def _print(found: Allocation) -> None:
    facts = Table(show_header=False, box=None, pad_edge=False)
    for name, value in (
        ("allocation", found.id),
        ("student", found.student_id),
        ("course", found.course_id),
        ("skill", found.skill or "unknown, only its refund is known"),
        ("state", found.state),
        ("trainer", _trainer(found)),
        ("waiting since", _moment(found.waiting_since)),
        ("purchases", ", ".join(found.grants) or "none"),
        ("refunded", ", ".join(found.revoked) or "none"),
    ):
        facts.add_row(name, value)
    history = Table("time", "epoch", "what", "", box=None, pad_edge=False)
    for line in found.history:
        rest = {name: value for name, value in line.items() if name not in ("at", "epoch", "what")}
        details = ", ".join(f"{name} {value}" for name, value in rest.items())
        history.add_row(_moment(line.get("at")), str(line.get("epoch")), line.get("what"), details)
    _print_whole(facts)
    click.echo()
    _print_whole(history)


def _trainer(found: Allocation) -> str:
    # A cancelled or waiting allocation still names its former trainer, for the student's return to him.
    return found.trainer_id or "" if found.state == AllocationState.ASSIGNED else ""


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}Z"


def _json(found: Allocation) -> str:
    document: dict[str, Any] = found.to_mongo().to_dict()
    document["id"] = document.pop("_id")
    public = {name: value for name, value in document.items() if name not in _INTERNAL}
    return json.dumps(public, default=lambda value: value.isoformat(), ensure_ascii=False)
