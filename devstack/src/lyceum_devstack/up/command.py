"""`lyceum up` on the command line."""

import asyncio
import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click
from rich.console import Console

from allocation_worker.main import shutdown
from lyceum_allocation import read_trainers
from lyceum_devstack.console import make_console
from lyceum_devstack.samples import TRAINERS
from lyceum_devstack.up.credentials import Credentials
from lyceum_devstack.up.house import House, Wishes, assemble
from lyceum_devstack.up.programs import SERVICES
from lyceum_devstack.up.surroundings import Surroundings, open_surroundings
from lyceum_program.errors import StartRefused
from lyceum_program.signals import stop_on_signals

SHOWN = {
    "lyceum_web.access": logging.INFO,
    **dict.fromkeys(("auth_service", "course_service", "chat_service"), logging.WARNING),
    "keylane": logging.WARNING,
}
"""Whose log lines a developer sees; `lyceum --debug up` shows all."""

CREDENTIALS = "credentials.json"


@click.command(
    epilog="\b\nExamples:\n"
    "  lyceum up\n"
    "  lyceum up --first-port 9000\n"
    "  MONGODB_URI=mongodb://localhost:27017 KAFKA_BOOTSTRAP=localhost:9092 lyceum up\n\n"
    "\b\nThen, in another terminal, with the address that is printed:\n"
    "  curl http://127.0.0.1:8001/v1/signup -H 'Content-Type: application/json' \\\n"
    '    -d \'{"email": "ada@example.org", "password": "violet harbour 9", "name": "Ada"}\'\n\n'
    "Ctrl-C stops it; a second one does not wait for what is running."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where services answer.")
@click.option(
    "--first-port",
    type=click.IntRange(0, 65_000),
    default=8001,
    show_default=True,
    help="Of the first service, the next has the next one; 0 for any free ports.",
)
@click.option(
    "--trainers",
    type=click.Path(path_type=Path),
    help="CSV file of trainers to import first.  [default: the sample file on an embedded MongoDB, else none]",
)
@click.option(
    "--mongodb-uri", envvar="MONGODB_URI", show_envvar=True, help="A real MongoDB.  [default: an embedded one]"
)
@click.option(
    "--database",
    envvar="MONGODB_DATABASE",
    show_envvar=True,
    default="lyceum",
    show_default=True,
    help="Of a real MongoDB.",
)
@click.option(
    "--kafka-bootstrap", envvar="KAFKA_BOOTSTRAP", show_envvar=True, help="A real Kafka.  [default: an embedded one]"
)
def up(
    *,
    host: str,
    first_port: int,
    trainers: Path | None,
    mongodb_uri: str | None,
    database: str,
    kafka_bootstrap: str | None,
) -> None:
    """Run every program of the platform in this process, until Ctrl-C.

    For development: it makes indexes, topics, a signing key and, where there is none, a first administrator, whose
    password it prints; payments move no money. Without servers of yours, MongoDB and Kafka are embedded and nothing
    is kept.
    """
    console = make_console()
    if trainers is None and not mongodb_uri and TRAINERS.is_file():
        trainers = TRAINERS
    rows = read_trainers(trainers) if trainers else ()
    wishes = Wishes(host=host, first_port=first_port, trainers=rows)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a stop cleans up, whoever asks for it
    with open_surroundings(mongodb_uri or None, database, kafka_bootstrap or None) as around:
        for line in around.lines():
            console.print(line)
        _show_log_lines()
        with _shut_down():
            asyncio.run(_run(around, wishes, console))
    console.print("Stopped.")


@contextmanager
def _shut_down() -> Iterator[None]:
    try:
        yield
    finally:
        shutdown()


async def _run(around: Surroundings, wishes: Wishes, console: Console) -> None:
    console.print("Starting allocation-worker, " + ", ".join(service.name for service in SERVICES) + " ...")
    house = await assemble(around, wishes, console.print)
    stop_on_signals(house.stack.request_stop)
    try:
        await house.stack.run(started=lambda: _say(house, around, wishes, console))
    except StartRefused as exc:
        raise StartRefused(f"{exc} (--host, --first-port)" if "PORT" in str(exc) else str(exc)) from exc


def _say(house: House, around: Surroundings, wishes: Wishes, console: Console) -> None:
    say = partial(console.print, soft_wrap=True)
    for service in house.services:
        say(f"{service.name}: {service.address} (routes: {service.address}/docs)")
    if wishes.trainers:
        say(f"Trainers: {len(wishes.trainers)} are there; whoever buys a course over HTTP gets one.")
    way_in = house.way_in
    if way_in is None:
        say("There is an administrator already. Another one: `lyceum users create-admin`.")
    else:
        say(f"Sign in as {way_in.email} with the password {way_in.password} (for development).")
    file = around.folder / CREDENTIALS
    Credentials(
        admin=None if way_in is None else way_in.email,
        admin_password=None if way_in is None else way_in.password,
        payment_secret=around.payment_secret.get_secret_value(),
    ).write(file)
    say(f"A whole day at it: lyceum demo {_against(house, wishes)} --credentials {file}")
    say("Ready. Ctrl-C stops.")


def _against(house: House, wishes: Wishes) -> str:
    """Name the services; where ports follow one another, the first says it all."""
    auth, courses, chat = (service.address for service in house.services)
    return f"--against {auth}" + ("" if wishes.first_port else f" --courses {courses} --chat {chat}")


def _show_log_lines() -> None:
    if logging.getLogger().level <= logging.DEBUG:
        return
    logging.basicConfig(
        level=logging.ERROR, format="%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S", force=True
    )
    for name, level in SHOWN.items():
        logging.getLogger(name).setLevel(level)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
