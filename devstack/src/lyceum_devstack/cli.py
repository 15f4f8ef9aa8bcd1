"""The command `lyceum`: the demo, and the operator commands of whichever packages are installed."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

import click

from lyceum_devstack.errors import PluginError
from lyceum_devstack.failures import guarded
from lyceum_devstack.streams import forgive_streams

COMMANDS = "lyceum.commands"
"""Entry point group: a package that owns data offers the click commands that operate on it."""
OWN = (
    EntryPoint("demo", "lyceum_devstack.story.command:demo", COMMANDS),
    EntryPoint("up", "lyceum_devstack.up.command:up", COMMANDS),
    EntryPoint("dlq", "lyceum_devstack.dlq:dlq", COMMANDS),
)
"""What this package offers: looked up like the others', so that no command is loaded for the sake of another."""
SUMMARIES = {
    "demo": "Play a day at the school over HTTP, and check the result.",
    "up": "Run every program of the platform in this process, until Ctrl-C.",
    "dlq": "Dead letters: look at them, replay them, discard them.",
    "allocations": "Allocations: who has which trainer, and who waits.",
    "courses": "Courses: bring them in from files.",
    "payment-events": "Payment events: look at them, try them again.",
    "purchases": "Purchases and refunds.",
    "keys": "Signing keys of access tokens: add one, list them.",
    "sessions": "Sign-ins: which ones a person has, and ending them.",
    "users": "Users: the first administrator of an organization.",
    "trainers": "Trainers: who teaches what, and how many students each takes.",
}
"""First lines of the commands' own help, known here so that `lyceum --help` loads none of them."""


@dataclass
class Invocation:
    """What was said before the name of the command."""

    debug: bool = False


class Dispatcher(click.Group):
    """A group whose commands are looked up among the entry points, and loaded when one is asked for by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Own commands first, then those of other packages by name."""
        return list(_offers())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Find a command; None when nobody offers it.

        Raises:
            PluginError: Its package cannot be imported, or offers something else than a command.
        """
        offer = _offers().get(cmd_name)
        return None if offer is None else _load(offer)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """List the commands; only those whose summary is not known here are loaded for it."""
        rows = [(name, SUMMARIES.get(name) or _load(offer).get_short_help_str()) for name, offer in _offers().items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _offers() -> dict[str, EntryPoint]:
    others = sorted(entry_points(group=COMMANDS), key=lambda offer: offer.name)
    own = {offer.name: offer for offer in OWN}
    return own | {offer.name: offer for offer in others if offer.name not in own}


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
    "  lyceum up\n"
    "  lyceum demo --trainers my_trainers.csv --purchases my_purchases.jsonl\n"
    "  lyceum trainers import my_trainers.csv\n"
    "  lyceum purchases publish my_purchases.jsonl\n"
    "  lyceum allocations list\n"
    "  lyceum dlq list\n\n"
    "\b\nServers are named by the environment variables MONGODB_URI and\n"
    "KAFKA_BOOTSTRAP; demo and up bring their own where they are not set.\n"
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    forgive_streams()
    invocation = Invocation()

    def command() -> int:
        result = lyceum.main(arguments, prog_name="lyceum", standalone_mode=False, obj=invocation)
        return result if isinstance(result, int) else 0

    return guarded(command, debug=lambda: invocation.debug)
