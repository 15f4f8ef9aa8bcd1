"""Which errors of this package are refusals of a command."""

from contextlib import AbstractContextManager

from lyceum_allocation.errors import AllocationError
from lyceum_contracts import ContractError
from lyceum_program.commands import refusal


def plain_refusals() -> AbstractContextManager[None]:
    """Turn errors whose text was written for a person into refusals."""
    return refusal.plain_refusals(AllocationError, ContractError)
