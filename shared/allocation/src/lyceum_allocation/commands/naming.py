"""How a person names an allocation, and himself."""

import getpass
import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

from lyceum_allocation.commands.refusal import Refusal
from lyceum_allocation.keys import LONGEST_ACTOR, allocation_id
from lyceum_database import DEFAULT_ORG

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
    """Give the id of the allocation that was named.

    Raises:
        Refusal: it was named in no way, or in two.
    """
    if student and course and allocation is None:
        return allocation_id(org_id, student, course)
    if allocation is None or student or course:
        raise Refusal("give the allocation's id, or --student and --course")
    return allocation


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
