"""A day at the level of Kafka alone: purchases from a file, published straight to the topic."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console

from lyceum_devstack.demo.inputs import read_day
from lyceum_devstack.demo.leftovers import cleaned_up
from lyceum_devstack.demo.run import play
from lyceum_devstack.demo.stage import Stage, open_stage
from lyceum_devstack.demo.summary import show
from lyceum_devstack.samples import EXAMPLES, FAULTS, PURCHASES, TRAINERS


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one run; no faults are injected into a person's own purchases unless he names some."""

    trainers: Path
    purchases: Path
    faults: Path | None


def play_events(
    console: Console, files: Files, *, mongodb_uri: str | None, kafka_bootstrap: str | None, keep: bool
) -> bool:
    """Play the files through the worker, show what came of it, and return whether every promise holds.

    Raises:
        FileRefused: lines of the trainers or the purchases cannot be used.
        InputError: a fault cannot be used.
        ServerError: a server does not answer, or not as it should.
    """
    day = read_day(files.trainers, files.purchases, files.faults)
    with open_stage(mongodb_uri, kafka_bootstrap) as stage:
        introduce(console, stage)
        with cleaned_up(stage, console, keep=keep):
            result = asyncio.run(play(day, stage, console))
            show(console, result)
    return not any(finding.against for finding in result.findings)


def chosen_files(trainers: Path | None, purchases: Path | None, faults: Path | None) -> Files:
    """Return the files of a run: those that are named, and samples for the others.

    Raises:
        UsageError: there are no samples beside this installation.
    """
    if not EXAMPLES.is_dir() and (trainers is None or purchases is None):
        raise click.UsageError("no sample files beside this installation: give --trainers and --purchases")
    if purchases is None and faults is None:
        faults = FAULTS
    return Files(trainers or TRAINERS, purchases or PURCHASES, faults)


def introduce(console: Console, stage: Stage) -> None:
    """Say what runs where."""
    mongo = "embedded" if stage.embedded_mongo else f"at {stage.mongo.address}, database {stage.mongo.database}"
    kafka = "embedded" if stage.embedded_kafka else f"at {stage.bootstrap}, topics and group {stage.topic_prefix}*"
    console.print(f"MongoDB: {mongo}\nKafka:   {kafka}")
    if stage.embedded_mongo and stage.embedded_kafka:
        console.print("Everything runs in this process; nothing is kept after exit.")
