"""Real servers for a benchmark: those that the environment names, or its own."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from real_servers import ServersError, ServerSettings, kafka_server, mongo_server

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def kafka() -> Iterator[str]:
    """A broker's address; the broker is gone after the block unless KAFKA_BOOTSTRAP names it.

    Raises:
        SystemExit: It cannot be had; its text is one line.
    """
    settings = ServerSettings.from_environment()
    if settings.kafka_bootstrap:
        yield settings.kafka_bootstrap
        return
    with _one_line(), kafka_server(settings, say) as server:
        yield server.address


@contextmanager
def mongodb() -> Iterator[str]:
    """A database's URI; as `kafka`, with MONGODB_URI."""
    settings = ServerSettings.from_environment()
    if settings.mongodb_uri:
        yield settings.mongodb_uri
        return
    with _one_line(), mongo_server(settings, say) as server:
        yield server.address


@contextmanager
def _one_line() -> Iterator[None]:
    try:
        yield
    except ServersError as exc:
        raise SystemExit(f"error: {exc}") from exc


def say(line: str) -> None:
    """Progress, beside the table on the standard output."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
