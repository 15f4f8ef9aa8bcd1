"""`allocations move`: another trainer for one student."""

import click

from lyceum_allocation.allocations import AllocationRepository
from lyceum_allocation.commands.naming import allocation_named, has_an_actor, id_of, names_an_allocation
from lyceum_allocation.commands.refusal import plain_refusals
from lyceum_allocation.commands.services import chooses_trainers, service
from lyceum_allocation.models import Allocation
from lyceum_allocation.states import MoveOutcome, MoveReason
from lyceum_program.commands.printing import echo_json
from lyceum_program.commands.servers import database

BY_HAND = tuple(reason.value for reason in MoveReason if reason is not MoveReason.LEAVE)
"""A whole trainer leaves by `trainers leave`."""


@click.command(
    epilog="\b\nExamples:\n  lyceum allocations move --student s-17 --course algebra-1 --reason complaint\n"
    "  lyceum allocations move 8df5683904bef512f5adc11e9a1a53c8f52ea13f --reason admin --override --actor ada"
)
@names_an_allocation
@click.option("--reason", type=click.Choice(BY_HAND), required=True, help="Kept, and told in the event.")
@click.option("--override", is_flag=True, help="Also if the student was moved a short while ago, or often.")
@has_an_actor
@chooses_trainers
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def move(  # noqa: PLR0913 - one parameter per option, as click hands them over
    allocation: str | None,
    student: str | None,
    course: str | None,
    org_id: str,
    reason: str,
    actor: str,
    *,
    override: bool,
    scarcity: bool,
    as_json: bool,
) -> None:
    """Give a student another trainer.

    The present one keeps the seat until another one has a seat for the student; if nobody is free, all stays as it is.
    After a complaint the student is never given that trainer again. The reason admin counts as an override by hand in
    the figures of fairness.
    """
    named = id_of(allocation, student, course, org_id)
    with plain_refusals(), database():
        before = allocation_named(AllocationRepository(), named, student, course, org_id)
        named = before.id
        outcome = service(scarcity=scarcity).move(named, reason=MoveReason(reason), actor=actor, override=override)
        after = AllocationRepository().get(named, org_id=org_id)
    if as_json:
        echo_json({"id": named, "outcome": outcome, "from": before.trainer_id, "to": after.trainer_id})
    else:
        click.echo(_in_words(outcome, before, after))


def _in_words(outcome: MoveOutcome, before: Allocation, after: Allocation) -> str:
    student, former = f"Student {after.student_id}", before.trainer_id
    return {
        MoveOutcome.MOVED: f"{student} moved from trainer {former} to {after.trainer_id}.",
        MoveOutcome.STAYED: f"{student} stays with trainer {former}: nobody else is free. Why: allocations explain.",
        MoveOutcome.WAITING: f"{student} waits for another trainer and keeps the seat with {former} until then.",
        MoveOutcome.NOTHING: f"{student} has no trainer to be moved from: the allocation is {after.state}.",
    }[outcome]
