"""`lyceum up` on the command line."""

import asyncio
import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console

from allocation_worker.main import shutdown
from lyceum_devstack.console import make_console
from lyceum_devstack.up.administrator import WayIn, first_administrator
from lyceum_devstack.up.programs import SERVICES, deploy, web_settings, worker
from lyceum_devstack.up.stack import ServiceProgram, Stack, WorkerProgram
from lyceum_devstack.up.surroundings import Surroundings, open_surroundings
from lyceum_program.errors import StartRefused
from lyceum_program.signals import stop_on_signals

SHOWN = {"lyceum_web.access": logging.INFO, "auth_service": logging.WARNING, "keylane": logging.WARNING}
"""Whose log lines a developer sees; `lyceum --debug up` shows all."""


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
def up(host: str, first_port: int, mongodb_uri: str | None, database: str, kafka_bootstrap: str | None) -> None:
    """Run every program of the platform in this process, until Ctrl-C.

    For development: it makes indexes, topics, a signing key and, where there is none, a first administrator, whose
    password it prints. Without servers of yours, MongoDB and Kafka are embedded and nothing is kept.
    """
    console = make_console()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a stop cleans up, whoever asks for it
    with open_surroundings(mongodb_uri or None, database, kafka_bootstrap or None) as around:
        for line in around.lines():
            console.print(line)
        _show_log_lines()
        with _shut_down():
            asyncio.run(_run(around, host, first_port, console))
    console.print("Stopped.")


@contextmanager
def _shut_down() -> Iterator[None]:
    try:
        yield
    finally:
        shutdown()


async def _run(around: Surroundings, host: str, first_port: int, console: Console) -> None:
    console.print("Starting allocation-worker and " + ", ".join(service.name for service in SERVICES) + " ...")
    programs = [WorkerProgram(worker(around))]
    await deploy(around)
    way_in = await asyncio.to_thread(first_administrator)
    services = [_service(number, around, host, first_port and first_port + number) for number in range(len(SERVICES))]
    stack = Stack([*programs, *services], console.print)
    stop_on_signals(stack.request_stop)
    try:
        await stack.run(started=lambda: _say_addresses(services, way_in, console))
    except StartRefused as exc:
        raise StartRefused(f"{exc} (--host, --first-port)" if "PORT" in str(exc) else str(exc)) from exc


def _service(number: int, around: Surroundings, host: str, port: int) -> ServiceProgram:
    service, settings = SERVICES[number], web_settings(host, port)
    return ServiceProgram(service.name, service.build(around, settings), settings)


def _say_addresses(services: list[ServiceProgram], way_in: WayIn | None, console: Console) -> None:
    for service in services:
        console.print(f"{service.name}: {service.address} (routes: {service.address}/docs)", soft_wrap=True)
    if way_in is None:
        console.print("There is an administrator already. Another one: `lyceum users create-admin`.")
    else:
        console.print(
            f"Sign in as {way_in.email} with the password {way_in.password} (for development).", soft_wrap=True
        )
    console.print("Ready. Ctrl-C stops.")


def _show_log_lines() -> None:
    if logging.getLogger().level <= logging.DEBUG:
        return
    logging.basicConfig(
        level=logging.ERROR, format="%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S", force=True
    )
    for name, level in SHOWN.items():
        logging.getLogger(name).setLevel(level)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
