"""The service as a command uses it: built as the worker builds its own."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from lyceum_allocation.allocations import AllocationRepository
from lyceum_allocation.capacities import CapacityRepository
from lyceum_allocation.service import AllocationService

F = TypeVar("F", bound=Callable[..., Any])


def chooses_trainers(command: F) -> F:
    """Take the switch that the worker has too: a command should choose as the worker does."""
    return click.option(
        "--scarcity/--no-scarcity",
        envvar="SCARCITY",
        show_envvar=True,
        default=False,
        show_default=True,
        help="Keep versatile trainers for rare skills, as the worker does if it is told to.",
    )(command)


def service(*, scarcity: bool = False) -> AllocationService:
    """Build the service of one command."""
    return AllocationService(allocations=AllocationRepository(), capacities=CapacityRepository(), scarcity=scarcity)
