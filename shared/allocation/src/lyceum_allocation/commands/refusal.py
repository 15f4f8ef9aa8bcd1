"""How a command ends when it cannot do what it was asked: one line, or one per mistake, and exit code 2."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from keylane import EXIT_CONFIGURATION, KeylaneError
from lyceum_allocation.errors import AllocationError
from lyceum_contracts import ContractError
from lyceum_database import DatabaseError


class Refusal(click.ClickException):
    """Bad input, bad settings or a server that does not answer: something a person can put right."""

    exit_code = EXIT_CONFIGURATION

    def show(self, file: object = None) -> None:  # noqa: ARG002 - click's signature
        """Print the reason on standard error."""
        for line in self.message.splitlines():
            click.echo(f"error: {line}", err=True)


@contextmanager
def plain_refusals() -> Iterator[None]:
    """Turn errors whose text was written for a person into refusals.

    Raises:
        Refusal: instead of them.
    """
    try:
        yield
    except (AllocationError, DatabaseError, KeylaneError, ContractError) as exc:
        raise Refusal(str(exc)) from exc
    except OSError as exc:
        reason = exc.strerror or str(exc)
        raise Refusal(f"{exc.filename}: {reason}" if exc.filename else reason) from exc
