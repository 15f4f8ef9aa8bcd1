"""The command line of a program: `run`, its deploy steps, and how each of them ends."""

import argparse
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version

from keylane import EXIT_CONFIGURATION, ConfigurationError
from lyceum_database import close
from lyceum_program.errors import StartRefused
from lyceum_program.signals import leaving_at_signals


def command_parser(name: str, *, description: str, epilog: str, commands: Mapping[str, str]) -> argparse.ArgumentParser:
    """Return the parser of `name COMMAND`, which also answers `--help` and `--version`.

    Args:
        name: of the program and of its distribution, whose version is told.
        description: what the program is for.
        epilog: the variables that it needs, and an example.
        commands: what each command does; the one that was given becomes the attribute `command`.
    """
    parser = argparse.ArgumentParser(prog=name, description=description, epilog=epilog)
    parser.add_argument("--version", action="version", version=f"{name} {version(name)}")
    subparsers = parser.add_subparsers(dest="command", required=True)
    for command, does in commands.items():
        subparsers.add_parser(command, help=does)
    return parser


def exit_code(name: str, command: str, work: Callable[[], None], *, end: Callable[[], None] = close) -> int:
    """Do a command's work; leave at once at a signal until something is claimed, and let go of everything at the end.

    Args:
        name: of the program, as it stands before what it says to people.
        command: the one that was given.
        work: reads the settings and does what the command is for.
        end: closes what the work opened; the connection to the database by default.

    Returns:
        The exit code: 0 done, 2 for what waiting cannot heal, with one line on standard error that says what.
    """
    with leaving_at_signals(command):
        try:
            work()
        except (StartRefused, ConfigurationError) as exc:
            sys.stderr.write(f"{name}: {exc}\n")
            return EXIT_CONFIGURATION
        finally:
            with leaving_at_signals(command):  # asyncio took its handlers away with its loop
                end()
    return 0
