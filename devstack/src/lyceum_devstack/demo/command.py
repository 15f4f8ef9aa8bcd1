"""`lyceum demo` on the command line."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console

from lyceum_devstack.console import make_console
from lyceum_devstack.demo.inputs import read_day
from lyceum_devstack.demo.leftovers import cleaned_up
from lyceum_devstack.demo.run import play
from lyceum_devstack.demo.stage import Stage, open_stage
from lyceum_devstack.demo.summary import show
from lyceum_devstack.samples import EXAMPLES

_FILE = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one run; no faults are injected into a person's own purchases unless he names some."""

    trainers: Path
    purchases: Path
    faults: Path | None


@click.command(
    epilog="\b\nExamples:\n"
    "  lyceum demo\n"
    "  lyceum demo --trainers my_trainers.csv --purchases my_purchases.jsonl\n"
    "  MONGODB_URI=mongodb://localhost:27017 KAFKA_BOOTSTRAP=localhost:9092 lyceum demo\n\n"
    "\b\nA fault file holds JSON lines of two kinds:\n"
    '  {"fail": EVENT_ID, "times": 1}      its handler fails once (N times, "always")\n'
    '  {"record": {"key": K, "headers": {...}, "text": T}, "after": EVENT_ID,\n'
    '   "because": WHY}                    bytes that must end among the dead letters\n\n'
    "Exit codes: 0 every promise holds, 1 some promise is broken, 2 bad input or an unreachable server."
)
@click.option("--trainers", type=_FILE, help="CSV file of trainers.  [default: the sample file]")
@click.option("--purchases", type=_FILE, help="JSON lines file of purchases and refunds.  [default: the sample file]")
@click.option(
    "--faults", type=_FILE, help="JSON lines file of trouble.  [default: the sample file for sample purchases]"
)
@click.option(
    "--mongodb-uri", envvar="MONGODB_URI", show_envvar=True, help="A real MongoDB.  [default: an embedded one]"
)
@click.option(
    "--kafka-bootstrap", envvar="KAFKA_BOOTSTRAP", show_envvar=True, help="A real Kafka.  [default: an embedded one]"
)
@click.option("--keep", is_flag=True, help="Leave the demo's own database and topics on the real servers.")
@click.pass_context
def demo(
    ctx: click.Context,
    *,
    trainers: Path | None,
    purchases: Path | None,
    faults: Path | None,
    mongodb_uri: str | None,
    kafka_bootstrap: str | None,
    keep: bool,
) -> None:
    """Play a day at the school through the real worker, and check the result.

    Trainers are imported, purchases published to Kafka, and the allocation worker gives each student a trainer, while
    some handlers fail on purpose and some records are broken. Then everything is checked against the input by an
    independent calculation.

    Without servers of yours, MongoDB and Kafka are embedded and nothing is kept. On servers of yours the demo works in
    a database, topics and a consumer group of its own and removes them at the end.
    """
    files = _files(trainers, purchases, faults)
    console = make_console()
    day = read_day(files.trainers, files.purchases, files.faults)
    with open_stage(mongodb_uri or None, kafka_bootstrap or None) as stage:
        _introduce(console, stage)
        with cleaned_up(stage, console, keep=keep):
            result = asyncio.run(play(day, stage, console))
            show(console, result)
    if any(finding.against for finding in result.findings):
        ctx.exit(1)


def _files(trainers: Path | None, purchases: Path | None, faults: Path | None) -> Files:
    if not EXAMPLES.is_dir() and (trainers is None or purchases is None):
        raise click.UsageError("no sample files beside this installation: give --trainers and --purchases")
    if purchases is None and faults is None:
        faults = EXAMPLES / "faults.jsonl"
    return Files(trainers or EXAMPLES / "trainers.csv", purchases or EXAMPLES / "purchases.jsonl", faults)


def _introduce(console: Console, stage: Stage) -> None:
    mongo = "embedded" if stage.embedded_mongo else f"at {stage.mongo.address}, database {stage.mongo.database}"
    kafka = "embedded" if stage.embedded_kafka else f"at {stage.bootstrap}, topics and group {stage.topic_prefix}*"
    console.print(f"MongoDB: {mongo}\nKafka:   {kafka}")
    if stage.embedded_mongo and stage.embedded_kafka:
        console.print("Everything runs in this process; nothing is kept after exit.")
