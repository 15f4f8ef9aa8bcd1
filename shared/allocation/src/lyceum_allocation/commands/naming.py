"""How a person names an allocation, and himself."""

import getpass
import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

from lyceum_allocation.allocations import AllocationRepository
from lyceum_allocation.capacities import CapacityRepository
from lyceum_allocation.keys import LONGEST_ACTOR, allocation_id
from lyceum_allocation.models import Allocation
from lyceum_database import DEFAULT_ORG, is_id
from lyceum_program.commands.refusal import Refusal

SHORTEST_ID = 4
"""Characters of an id that name an allocation, if only one begins with them."""

LONGEST_SHOWN = 70
"""Characters of what is no id: enough to see the mistake, in one line of a terminal."""

F = TypeVar("F", bound=Callable[..., Any])


def names_an_allocation(command: F) -> F:
    """Take an allocation's id, or its student and course; `id_of` makes one of the two ways of it."""
    for decorate in (
        click.option("--org", "org_id", default=DEFAULT_ORG, show_default=True, help="Organization."),
        click.option("--course", help="Instead of the allocation's id, together with --student."),
        click.option("--student", help="Instead of the allocation's id, together with --course."),
        click.argument("allocation", required=False),
    ):
        command = decorate(command)
    return command


def id_of(allocation: str | None, student: str | None, course: str | None, org_id: str) -> str:
    """Give the id, or the beginning of the id, of the allocation that was named; `allocation_named` finds it.

    Raises:
        Refusal: it was named in no way, or in two, or by what can be nobody's id.
    """
    for option, value in (("the allocation's id", allocation), ("--student", student), ("--course", course)):
        if value is not None:
            _checked(option, value)
    if student and course and allocation is None:
        return allocation_id(org_id, student, course)
    if allocation is None or student or course:
        raise Refusal("give the allocation's id, or --student and --course")
    if len(allocation) < SHORTEST_ID:
        raise Refusal(f"{allocation!r} could be many allocations: give {SHORTEST_ID} characters of the id, or more")
    return allocation


def allocation_named(
    allocations: AllocationRepository, named: str, student: str | None, course: str | None, org_id: str
) -> Allocation:
    """Read the allocation whose id is, or begins with, what `id_of` gave.

    Raises:
        Refusal: there is none, or several begin with it.
    """
    found = allocations.beginning_with(named, org_id=org_id, limit=2)
    if len(found) > 1 and found[0].id != named:
        raise Refusal(f"several allocations begin with {named}: give more of it")
    if found:
        return found[0]
    if student:
        raise Refusal(f"student {student} has bought no course {course} in organization {org_id}")
    raise Refusal(f"no allocation {named} in organization {org_id}: see lyceum allocations list")


def trainer_named(trainer: str, org_id: str) -> None:
    """Make sure that there is such a trainer.

    Raises:
        Refusal: there is none.
    """
    _checked("the trainer's id", trainer)
    if CapacityRepository().find(trainer, org_id=org_id) is None:
        raise Refusal(f"no trainer {trainer} in organization {org_id}: see lyceum trainers list")


def _checked(option: str, value: str) -> None:
    if not is_id(value):
        shown = value if len(value) <= LONGEST_SHOWN else f"{value[:LONGEST_SHOWN]}..."
        raise Refusal(f"{option}: {shown!a} is no id: give 1 to 64 of A-Z, a-z, 0-9, - and _")


def has_an_actor(command: F) -> F:
    """Take the name that the history keeps."""
    return click.option(
        "--actor",
        default=_os_user,
        show_default="the user of the operating system",
        callback=_checked_actor,
        help="Who asks for it; kept in the history.",
    )(command)


def _checked_actor(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not value.strip() or len(value) > LONGEST_ACTOR or not value.isprintable():
        raise Refusal(f"--actor: give a name of 1 to {LONGEST_ACTOR} printable characters")
    return value.strip()


def _os_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        # In a container a user may have a number and no name.
        return f"uid {os.getuid()}"
