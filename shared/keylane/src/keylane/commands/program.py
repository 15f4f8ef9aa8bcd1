"""The command `keylane`."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from keylane.commands.dlq import dead_letter_commands
from keylane.commands.servers import SERVER_OPTIONS, connected
from keylane.commands.text import safe
from keylane.errors import EXIT_CONFIGURATION

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from keylane.commands.connection import Given
    from keylane.dead_letters import DeadLetters

EXIT_INTERRUPTED: Final = 130
"""128 + SIGINT, as shells report it."""
EXIT_UNREAD: Final = 141
"""128 + SIGPIPE: whoever read the output, such as `head`, has seen enough."""


class NamedLetters:
    """Letters of a group and topics that are named by options."""

    options = (
        click.Option(["--group"], required=True, envvar="KAFKA_GROUP", show_envvar=True, help="The consumer group."),
        click.Option(
            ["--topic", "topics"], required=True, multiple=True, help="A source topic of the group; may be repeated."
        ),
        *SERVER_OPTIONS,
    )

    @asynccontextmanager
    async def open(self, given: Given) -> AsyncIterator[DeadLetters]:
        """Connect to what the options name."""
        with connected(given["group"], given["topics"], given) as letters:
            yield letters


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\b\nExamples:\n  export KAFKA_BOOTSTRAP=localhost:9092 MONGODB_URI=mongodb://localhost/shop\n"
    "  keylane dlq list --group mailer --topic orders\n\n"
    "\b\nExit codes: 0 done, 2 bad input, bad settings or a server that did not\nanswer for 10 s, 130 interrupted.",
)
@click.version_option(package_name="keylane", prog_name="keylane")
def keylane() -> None:
    """What operators of keylane workers do."""


keylane.add_command(dead_letter_commands(NamedLetters(), program="keylane dlq", named=" --group mailer --topic orders"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    _show_warnings_of_our_own()
    try:
        keylane.main(arguments, prog_name="keylane", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as exc:
        exc.show()
        return EXIT_CONFIGURATION
    except click.ClickException as exc:
        click.echo(f"error: {_said(exc)}", err=True)
        return EXIT_CONFIGURATION
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        with Path(os.devnull).open("wb") as nowhere:  # or the interpreter complains at its end
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        return EXIT_UNREAD
    return 0


def _show_warnings_of_our_own() -> None:
    """The client's own complaints say nothing that our one line does not say."""
    logging.basicConfig(level=logging.CRITICAL, format="%(levelname)s %(message)s")
    logging.getLogger("keylane").setLevel(logging.WARNING)


def _said(exc: click.ClickException) -> str:
    problem = safe(" ".join(exc.format_message().split()))
    context = exc.ctx if isinstance(exc, click.UsageError) else None
    return f"{problem} See `{context.command_path} --help`." if context else problem
