"""What went wrong, for a person: one line and an exit code."""

import traceback
from collections.abc import Callable

import click

from allocation_worker import StartRefused
from keylane import KeylaneError
from lyceum_allocation import AllocationError
from lyceum_contracts import ContractError
from lyceum_database import DatabaseError
from lyceum_devstack.errors import DevstackError
from modelguard import GuardError

EXIT_REFUSED = 2
"""Bad input, bad settings or a server that does not answer: something a person can put right."""
EXIT_DEFECT = 70
"""An error that this program does not know (EX_SOFTWARE of sysexits.h)."""
EXIT_INTERRUPTED = 130
"""128 + SIGINT, as shells report it."""

KNOWN = (DevstackError, AllocationError, StartRefused, DatabaseError, KeylaneError, ContractError, GuardError)
"""Errors whose text was written for the person at the keyboard."""


def guarded(command: Callable[[], int], *, debug: Callable[[], bool]) -> int:
    """Run `command`; whatever it raises becomes a line on standard error and an exit code."""
    try:
        return command()
    except Exception as exc:  # noqa: BLE001  the outermost frame: whatever escapes here would be a traceback
        if debug():
            traceback.print_exc()
        return _reported(exc)
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        return EXIT_INTERRUPTED


def _reported(exc: Exception) -> int:
    if isinstance(exc, click.Abort):
        click.echo("interrupted", err=True)
        return EXIT_INTERRUPTED
    if isinstance(exc, click.ClickException):
        exc.show()
        return EXIT_REFUSED
    if isinstance(exc, KNOWN):
        for line in str(exc).splitlines():  # a file may hold several mistakes
            click.echo(f"error: {line}", err=True)
        return EXIT_REFUSED
    if isinstance(exc, OSError):
        click.echo(f"error: {_file_problem(exc)}", err=True)
        return EXIT_REFUSED
    click.echo(f"error: {type(exc).__name__}: {exc}", err=True)
    click.echo("This is a defect of lyceum. Run it again as `lyceum --debug ...` to see where it arose.", err=True)
    return EXIT_DEFECT


def _file_problem(exc: OSError) -> str:
    reason = exc.strerror or str(exc) or type(exc).__name__
    return f"{exc.filename}: {reason}" if exc.filename else reason
