"""What went wrong, for a person: one line and an exit code."""

import sys
import traceback
from collections.abc import Callable
from itertools import starmap

import click

from lyceum_devstack.streams import flush_output, release_output

EXIT_REFUSED = 2
"""Bad input, bad settings or a server that does not answer: something a person can put right."""
EXIT_DEFECT = 70
"""An error that this program does not know (EX_SOFTWARE of sysexits.h)."""
EXIT_INTERRUPTED = 130
"""128 + SIGINT, as shells report it."""

EXIT_UNREAD = 141
"""128 + SIGPIPE, as shells report it: whoever read the output, such as `head`, has seen enough."""

KNOWN = (
    ("lyceum_devstack.errors", "DevstackError"),
    ("lyceum_allocation", "AllocationError"),
    ("lyceum_program.errors", "StartRefused"),
    ("lyceum_database", "DatabaseError"),
    ("keylane", "KeylaneError"),
    ("lyceum_contracts", "ContractError"),
    ("modelguard", "GuardError"),
)
"""Module and name of the errors whose text was written for the person at the keyboard."""


def guarded(command: Callable[[], int], *, debug: Callable[[], bool]) -> int:
    """Run `command`; whatever it raises becomes a line on standard error and an exit code."""
    try:
        code = command()
        flush_output()
    except (BrokenPipeError, SystemExit):  # the latter is how click and rich end where nobody reads their output
        return EXIT_UNREAD
    except Exception as exc:  # noqa: BLE001  the outermost frame: whatever escapes here would be a traceback
        if debug():
            traceback.print_exc()
        return _reported(exc)
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        return EXIT_INTERRUPTED
    finally:
        release_output()
    return code


def _reported(exc: Exception) -> int:
    if isinstance(exc, click.Abort):
        click.echo("interrupted", err=True)
        return EXIT_INTERRUPTED
    if isinstance(exc, click.exceptions.NoArgsIsHelpError):
        exc.show()  # the help itself
        return EXIT_REFUSED
    reasons = _reasons(exc)
    for reason in reasons:
        click.echo(f"error: {reason}", err=True)
    if reasons:
        return EXIT_REFUSED
    click.echo(f"error: {type(exc).__name__}: {exc}", err=True)
    click.echo("This is a defect of lyceum. Run it again as `lyceum --debug ...` to see where it arose.", err=True)
    return EXIT_DEFECT


def _reasons(exc: Exception) -> list[str]:
    """Say it in lines for a person; none for an error that this program does not know."""
    if isinstance(exc, click.UsageError):
        return [_usage_problem(exc)]
    if isinstance(exc, click.ClickException):
        return exc.format_message().splitlines()
    if isinstance(exc, _known()):
        return str(exc).splitlines()  # a file may hold several mistakes
    if isinstance(exc, OSError):
        return [_file_problem(exc)]
    return []


def _known() -> tuple[type[Exception], ...]:
    """The known errors of what is loaded; nothing else can have raised one, so nothing is loaded to find out."""
    return tuple(filter(None, starmap(_loaded, KNOWN)))


def _loaded(module: str, name: str) -> type[Exception] | None:
    return getattr(sys.modules.get(module), name, None)


def _usage_problem(exc: click.UsageError) -> str:
    problem = " ".join(exc.format_message().split())
    return f"{problem} See `{exc.ctx.command_path} --help`." if exc.ctx else problem


def _file_problem(exc: OSError) -> str:
    reason = exc.strerror or str(exc) or type(exc).__name__
    return f"{exc.filename}: {reason}" if exc.filename else reason
