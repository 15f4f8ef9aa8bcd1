"""`lyceum demo` on the command line."""

import asyncio
import secrets
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from lyceum_allocation import TrainerRow, read_trainers
from lyceum_devstack.check import Finding
from lyceum_devstack.console import make_console
from lyceum_devstack.demo.events import chosen_files, introduce, play_events
from lyceum_devstack.demo.leftovers import cleaned_up
from lyceum_devstack.samples import TRAINERS
from lyceum_devstack.story.addresses import Addresses
from lyceum_devstack.story.files import room_for_connections
from lyceum_devstack.story.own import own_surroundings, play_here
from lyceum_devstack.story.plan import DayPlan, plan_day
from lyceum_devstack.story.report import report
from lyceum_devstack.story.run import Scene, play
from lyceum_devstack.up.administrator import EMAIL
from lyceum_devstack.up.credentials import ADMIN_PASSWORD, PAYMENT_SECRET, Credentials

_FILE = click.Path(path_type=Path)
_HELP = f"""Play a day at the school over HTTP, and check the result.

An administrator invites trainers and puts courses on sale. Students come, all at once: they sign up, search, buy,
get a trainer or a place in the queue, and talk. Payments are told twice, late and by forgers; some are given back.
At the end everybody's screen is checked against what they did.

Without --against the demo starts every program in this process. It then also makes handlers fail, repeats records
on Kafka and publishes broken ones, and looks behind the screens. Without servers of yours, MongoDB and Kafka are
embedded and nothing is kept; on servers of yours it works in a database, topics and consumer groups of its own and
removes them.

With --against it is a client of a stack that runs already: `lyceum up` in another terminal, say, which prints the
whole command. At the end it gives all money back, so that it can be repeated. Secrets come from --credentials, a
JSON file with the names admin, admin_password and payment_secret, or from {ADMIN_PASSWORD} and {PAYMENT_SECRET}.

With --events, --purchases or --faults purchases from a file are published straight to Kafka, for the allocation
worker alone.
"""


@click.command(
    help=_HELP,
    epilog="\b\nExamples:\n"
    "  lyceum demo\n"
    "  lyceum demo --students 20 --trainers my_trainers.csv\n"
    "  MONGODB_URI=mongodb://localhost:27017 KAFKA_BOOTSTRAP=localhost:9092 lyceum demo\n"
    "  lyceum demo --against http://127.0.0.1:8001 --credentials FILE\n"
    "  lyceum demo --purchases my_purchases.jsonl\n\n"
    "\b\nA fault file holds JSON lines of two kinds:\n"
    '  {"fail": EVENT_ID, "times": 1}      its handler fails once (N times, "always")\n'
    '  {"record": {"key": K, "headers": {...}, "text": T}, "after": EVENT_ID,\n'
    '   "because": WHY}                    bytes that must end among the dead letters\n\n'
    "Exit codes: 0 every promise holds, 1 some promise is broken, 2 bad input or an unreachable server.",
)
@click.option(
    "--students", type=click.IntRange(1, 2000), default=200, show_default=True, help="How many come, side by side."
)
@click.option("--trainers", type=_FILE, help="CSV file of trainers.  [default: the sample file]")
@click.option("--against", metavar="URL", help="Of the auth service of a stack that runs.")
@click.option("--courses", metavar="URL", help="Of its course service.  [default: the next port]")
@click.option("--chat", metavar="URL", help="Of its chat service.  [default: the port after that]")
@click.option("--credentials", type=_FILE, help="JSON file of its administrator and payments.")
@click.option("--admin", metavar="EMAIL", help=f"Its administrator.  [default: {EMAIL}]")
@click.option("--events", is_flag=True, help="Purchases and failures of the sample files, at the level of Kafka.")
@click.option("--purchases", type=_FILE, help="The same with a JSON lines file of purchases and refunds.")
@click.option("--faults", type=_FILE, help="The same with a JSON lines file of trouble.")
@click.option(
    "--mongodb-uri", envvar="MONGODB_URI", show_envvar=True, help="A real MongoDB.  [default: an embedded one]"
)
@click.option(
    "--kafka-bootstrap", envvar="KAFKA_BOOTSTRAP", show_envvar=True, help="A real Kafka.  [default: an embedded one]"
)
@click.option("--keep", is_flag=True, help="Leave what the demo made on real servers, or in the stack that runs.")
@click.pass_context
def demo(  # noqa: PLR0913 - one for each option
    ctx: click.Context,
    *,
    students: int,
    trainers: Path | None,
    against: str | None,
    courses: str | None,
    chat: str | None,
    credentials: Path | None,
    admin: str | None,
    events: bool,
    purchases: Path | None,
    faults: Path | None,
    mongodb_uri: str | None,
    kafka_bootstrap: str | None,
    keep: bool,
) -> None:
    """Choose between the three forms of the demo."""
    console = make_console()
    at_kafka = bool(events or purchases or faults)
    _refuse_mixtures(at_kafka=at_kafka, against=against, others=(courses, chat, credentials))
    if at_kafka:
        files = chosen_files(trainers, purchases, faults)
        servers = {"mongodb_uri": mongodb_uri or None, "kafka_bootstrap": kafka_bootstrap or None}
        holds = play_events(console, files, **servers, keep=keep)
    else:
        day = plan_day(_rows(trainers), students=students, run=secrets.token_hex(3))
        room_for_connections()
        if against:
            stack = Addresses.given(against, courses, chat)
            holds = _play_against(day, stack, _known(admin, credentials), console, keep=keep)
        else:
            holds = _play_here(day, mongodb_uri or None, kafka_bootstrap or None, console, keep=keep)
    if not holds:
        ctx.exit(1)


def _refuse_mixtures(*, at_kafka: bool, against: str | None, others: Sequence[object]) -> None:
    if at_kafka and against:
        raise click.UsageError("--against speaks HTTP; --events, --purchases and --faults are for Kafka alone.")
    if not against and any(others):
        raise click.UsageError("--courses, --chat and --credentials belong to --against URL.")


def _rows(trainers: Path | None) -> tuple[TrainerRow, ...]:
    if trainers is None and not TRAINERS.is_file():
        raise click.UsageError("no sample files beside this installation: give --trainers")
    return read_trainers(trainers or TRAINERS)


def _known(admin: str | None, file: Path | None) -> Credentials:
    """What the option says counts before the environment, and that before the file."""
    found = Credentials(admin).over(Credentials.of_environment())
    if file is not None:
        found = found.over(Credentials.read(file))
    return found.over(Credentials(EMAIL))


def _play_against(day: DayPlan, stack: Addresses, known: Credentials, console: Console, *, keep: bool) -> bool:
    console.print(f"Against {stack.auth}, {stack.courses} and {stack.chat}; names of this day end with {day.run}.")
    scene = Scene(addresses=stack, credentials=known, tidy=not keep)
    outcome = asyncio.run(play(day, scene, console))
    report(console, day, outcome)
    return _holds(outcome.findings)


def _play_here(
    day: DayPlan, mongodb_uri: str | None, kafka_bootstrap: str | None, console: Console, *, keep: bool
) -> bool:
    with own_surroundings(mongodb_uri, kafka_bootstrap) as (around, stage):
        introduce(console, stage)
        with cleaned_up(stage, console, keep=keep):
            outcome, case = asyncio.run(play_here(day, around, stage, console))
            report(console, day, outcome, case)
    return _holds(outcome.findings)


def _holds(findings: Sequence[Finding]) -> bool:
    return not any(finding.against for finding in findings)
