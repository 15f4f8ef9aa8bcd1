"""What a command needs to know to reach somebody's dead letters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractAsyncContextManager

    import click

    from keylane.dead_letters import DeadLetters

Given = Mapping[str, Any]
"""The values of a connection's options, by parameter name."""


class Connection(Protocol):
    """Options that say whose letters are meant and where the servers are, and how to get from them to the letters."""

    @property
    def options(self) -> Sequence[click.Option]:
        """Added to every command."""
        ...

    def open(self, given: Given) -> AbstractAsyncContextManager[DeadLetters]:
        """The dead letters that these values name, until the block ends.

        Raises:
            ConfigurationError: The values cannot work.
        """
        ...
