"""How a command ends when it cannot do what it was asked: one line, or one per mistake, and exit code 2."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from keylane import EXIT_CONFIGURATION, KeylaneError
from lyceum_database import DatabaseError
from lyceum_program.errors import ProgramError


class Refusal(click.ClickException):
    """Bad input, bad settings or a server that does not answer: something a person can put right."""

    exit_code = EXIT_CONFIGURATION

    def show(self, file: object = None) -> None:  # noqa: ARG002 - click's signature
        """Print the reason on standard error."""
        for line in self.message.splitlines():
            click.echo(f"error: {line}", err=True)


@contextmanager
def plain_refusals(*others: type[Exception]) -> Iterator[None]:
    """Turn errors whose text was written for a person into refusals: the platform's, and `others`.

    Raises:
        Refusal: instead of them.
    """
    known: tuple[type[Exception], ...] = (DatabaseError, KeylaneError, ProgramError, *others)
    try:
        yield
    except known as exc:
        raise Refusal(str(exc)) from exc
    except OSError as exc:
        reason = exc.strerror or str(exc)
        raise Refusal(f"{exc.filename}: {reason}" if exc.filename else reason) from exc
