"""`lyceum dlq`: keylane's own commands, with the topics and groups of the platform's registry."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click

from keylane import DeadLetters
from keylane.commands import SERVER_OPTIONS, Given, connected, dead_letter_commands
from lyceum_contracts import ALLOCATION_WORKER, TOPICS

READ = {
    group: tuple(topic.name for topic in TOPICS if group in topic.consumers)
    for group in sorted({group for topic in TOPICS for group in topic.consumers})
}
"""What each consumer group reads; others have no dead letters."""
DATABASE = "lyceum"
"""As the platform's own programs have it where nothing else is said."""


class PlatformLetters:
    """The dead letters of the platform's consumer groups."""

    options = (
        click.Option(
            ["--group"],
            type=click.Choice(tuple(READ)),
            default=ALLOCATION_WORKER,
            show_default=True,
            help="The consumer group.",
        ),
        click.Option(
            ["--topic", "topics"],
            type=click.Choice(sorted({name for names in READ.values() for name in names})),
            multiple=True,
            help="A topic that the group reads; may be repeated. All of them unless given.",
        ),
        click.Option(
            ["--topic-prefix"],
            envvar="KAFKA_TOPIC_PREFIX",
            show_envvar=True,
            default="",
            help="Stands before the name of every topic.",
        ),
        click.Option(
            ["--as-group"],
            envvar="KAFKA_GROUP",
            show_envvar=True,
            help="The group's name in this installation, if it has another one.",
        ),
        *SERVER_OPTIONS,
    )

    @asynccontextmanager
    async def open(self, given: Given) -> AsyncIterator[DeadLetters]:
        """Connect to what the options name.

        Raises:
            UsageError: The group reads no such topic.
        """
        group = given["group"]
        if unread := [name for name in given["topics"] if name not in READ[group]]:
            raise click.UsageError(f"{group} does not read {', '.join(unread)}: it reads {', '.join(READ[group])}.")
        topics = [given["topic_prefix"] + name for name in given["topics"] or READ[group]]
        found = {**given, "database": given["database"] or DATABASE}
        with connected(given["as_group"] or group, topics, found) as letters:
            yield letters


dlq = dead_letter_commands(PlatformLetters(), program="lyceum dlq")
