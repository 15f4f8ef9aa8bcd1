"""`allocations explain`: why this trainer, or why none yet, since when, and until when about."""

from collections.abc import Iterator
from dataclasses import asdict

import click

from lyceum_allocation.allocations import AllocationRepository
from lyceum_allocation.commands.naming import allocation_named, id_of, names_an_allocation
from lyceum_allocation.commands.printing import print_history
from lyceum_allocation.commands.refusal import plain_refusals
from lyceum_allocation.commands.services import service
from lyceum_allocation.explanation import Explanation, Place
from lyceum_program.commands.printing import echo_json, facts, moment, print_whole, span
from lyceum_program.commands.servers import database


@click.command(
    epilog="\b\nExamples:\n  lyceum allocations explain 8df5683904bef512f5adc11e9a1a53c8f52ea13f\n"
    "  lyceum allocations explain --student s-17 --course algebra-1\n"
    "  lyceum allocations explain --student s-17 --course algebra-1 --json | jq .why"
)
@names_an_allocation
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def explain(allocation: str | None, student: str | None, course: str | None, org_id: str, *, as_json: bool) -> None:
    """Say why a student has his trainer, or why he has none.

    For one who has: how many trainers were left after each condition when the choice was made, and what decided. For
    one who waits: the same as of now, since when, his place, and when to expect a seat, if seats came free often
    enough lately to tell.
    """
    named = id_of(allocation, student, course, org_id)
    with plain_refusals(), database():
        seen = allocation_named(AllocationRepository(), named, student, course, org_id)
        found = service().explain(seen.id, org_id=org_id)
    if as_json:
        echo_json(asdict(found))
        return
    print_whole(facts(_rows(found)))
    click.echo()
    print_history(found.history)


def _rows(found: Explanation) -> Iterator[tuple[str, str]]:
    yield "allocation", found.allocation_id
    yield "student", f"{found.student_id}, course {found.course_id}"
    yield "skill", found.skill or "unknown, only its refund is known"
    yield "state", found.state
    if found.trainer_id is not None:
        yield "trainer", found.trainer_id
    yield "why", found.why
    if found.elsewhere is not None:
        yield "besides", found.elsewhere
    if found.waiting_since is not None and found.waited is not None:
        yield "waits", f"since {moment(found.waiting_since)}, {span(found.waited)}"
    if found.shortage is not None and found.shortage.relaxed:
        yield "gave up", ", ".join(found.shortage.relaxed)
    for place in found.places:
        yield "place", _place(place)
    if found.is_starved:
        yield "starved", "for more than a day: a person was asked to act"


def _place(place: Place) -> str:
    expected = place.estimate
    when = "nobody can tell when" if expected.at is None else f"about {expected.at:%Y-%m-%d %H}:00Z"
    return f"{place.position} in the queue for {place.skill}: {when} ({expected.reason})"
