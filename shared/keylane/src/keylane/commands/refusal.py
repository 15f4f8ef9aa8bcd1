"""How a command ends when it cannot do what it was asked: one line and exit code 2."""

from __future__ import annotations

from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import click

from keylane.commands.text import safe
from keylane.errors import EXIT_CONFIGURATION, KeylaneError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Refusal(click.ClickException):
    """Bad input, bad settings or a server that does not answer: something a person can put right."""

    exit_code = EXIT_CONFIGURATION

    def format_message(self) -> str:
        """The reason, whatever was typed."""
        return safe(self.message)

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the reason on standard error."""
        click.echo(f"error: {self.format_message()}", err=True, file=file)


@contextmanager
def plain_refusals() -> Iterator[None]:
    """Turn errors whose text was written for a person into refusals.

    Raises:
        Refusal: Instead of them.
    """
    try:
        yield
    except KeylaneError as exc:
        raise Refusal(" ".join(str(exc).split())) from exc
