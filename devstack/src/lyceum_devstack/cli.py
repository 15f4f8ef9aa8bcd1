"""The command `lyceum`: the demo, and the operator commands of whichever packages are installed."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

import click

from lyceum_devstack.console import forgive_streams
from lyceum_devstack.demo.command import demo
from lyceum_devstack.errors import PluginError
from lyceum_devstack.failures import guarded

COMMANDS = "lyceum.commands"
"""Entry point group: a package that owns data offers the click commands that operate on it."""


@dataclass
class Invocation:
    """What was said before the name of the command."""

    debug: bool = False


class Dispatcher(click.Group):
    """A group whose other commands are looked up among the entry points, when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Own commands first, then those of other packages by name."""
        return [*super().list_commands(ctx), *sorted(_offers())]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find a command; None when nobody offers it.

        Raises:
            PluginError: Its package cannot be imported, or offers something else than a command.
        """
        own = super().get_command(ctx, cmd_name)
        if own is not None or cmd_name not in _offers():
            return own
        return _load(_offers()[cmd_name])


def _offers() -> dict[str, EntryPoint]:
    return {offer.name: offer for offer in entry_points(group=COMMANDS)}


def _load(offer: EntryPoint) -> click.Command:
    try:
        command = offer.load()
    except (ImportError, AttributeError) as exc:
        raise PluginError(f"`lyceum {offer.name}` cannot be loaded from {offer.value}: {exc}") from exc
    if not isinstance(command, click.Command):
        raise PluginError(f"`lyceum {offer.name}`: {offer.value} is no click command")
    return command


@click.group(
    cls=Dispatcher,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\b\nExamples:\n"
    "  lyceum demo\n"
    "  lyceum demo --trainers my_trainers.csv --purchases my_purchases.jsonl\n"
    "  lyceum trainers import my_trainers.csv\n"
    "  lyceum purchases publish my_purchases.jsonl\n"
    "  lyceum allocations list\n\n"
    "\b\nServers are named by the environment variables MONGODB_URI and\n"
    "KAFKA_BOOTSTRAP; the demo brings its own where they are not set.\n"
    "Exit codes: 0 done, 1 the demo found something off, 2 bad input,\n"
    "bad settings or an unreachable server, 130 interrupted.",
)
@click.version_option(package_name="lyceum-devstack", prog_name="lyceum")
@click.option("--debug", is_flag=True, help="Show log lines, and the traceback of an error.")
@click.pass_context
def lyceum(ctx: click.Context, *, debug: bool) -> None:
    """Lyceum: a purchase gets its trainer."""
    ctx.ensure_object(Invocation).debug = debug
    logging.basicConfig(level=logging.DEBUG if debug else logging.CRITICAL, format="%(levelname)s %(name)s %(message)s")


lyceum.add_command(demo)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    forgive_streams()
    invocation = Invocation()

    def command() -> int:
        result = lyceum.main(arguments, prog_name="lyceum", standalone_mode=False, obj=invocation)
        return result if isinstance(result, int) else 0

    return guarded(command, debug=lambda: invocation.debug)
