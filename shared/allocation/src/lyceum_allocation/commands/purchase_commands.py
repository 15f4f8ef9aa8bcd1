"""`purchases`: what students bought, and got back."""

import asyncio
from pathlib import Path

import click

from lyceum_allocation.commands.refusal import plain_refusals
from lyceum_allocation.commands.servers import kafka
from lyceum_allocation.publishing import publish
from lyceum_allocation.purchase_file import read_purchases


@click.group()
def purchases() -> None:
    """Purchases and refunds."""


@purchases.command(
    "publish",
    epilog="\b\nOne JSON object per line; id and org_id may be left out:\n"
    '  {"type": "PURCHASE_CREATED", "id": "...", "org_id": "...", "data": {...}}\n'
    "docs/events.md lists the fields of data.\n\n"
    "\b\nExample:\n  KAFKA_BOOTSTRAP=localhost:9092 lyceum purchases publish purchases.jsonl",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--kafka", "bootstrap", envvar="KAFKA_BOOTSTRAP", show_envvar=True, required=True, help="Where Kafka is: host:port."
)
@click.option(
    "--topic-prefix",
    envvar="KAFKA_TOPIC_PREFIX",
    show_envvar=True,
    default="",
    help="Stands before the name of the topic.",
)
def publish_(file: Path, bootstrap: str, topic_prefix: str) -> None:
    """Publish the events of a JSON Lines FILE.

    The whole file is checked first; with a single mistake in it nothing is published. A line without an id gets one
    that follows from its content, so publishing a file again does nothing twice.
    """
    with plain_refusals():
        lines = read_purchases(file)
        topic = asyncio.run(publish(lines, kafka(bootstrap), topic_prefix=topic_prefix))
    click.echo(f"Published {len(lines)} event{'s' * (len(lines) != 1)} to topic {topic}.")
