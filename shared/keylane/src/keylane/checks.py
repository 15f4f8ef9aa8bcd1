"""Start-up checks of a worker's arguments: what can never work is refused in one line."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from keylane.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from keylane.message import Handler

ORDERS: Final = ("key", "partition", "none")


def check(group: str, topics: Sequence[str], handlers: Mapping[str, Handler], ignored: Collection[str]) -> None:
    """Check what a worker reads and runs.

    Raises:
        ConfigurationError: It can never work.
    """
    if not group:
        raise ConfigurationError("a worker needs a group name")
    if isinstance(topics, str) or not topics or not all(topics):
        raise ConfigurationError(f"worker {group} has no topics: give a list of topic names")
    if not handlers:
        raise ConfigurationError(f"worker {group} has no handler: give at least one event type with its function")
    for type_, handler in handlers.items():
        if not callable(handler):
            raise ConfigurationError(f"worker {group}: the handler of {type_!r} cannot be called")
    if both := sorted(set(ignored) & set(handlers)):
        raise ConfigurationError(f"worker {group} both handles and ignores {', '.join(both)}")


def check_limits(group: str, *, order: str, concurrency: int, lease: timedelta) -> None:
    """Check how a worker runs it.

    Raises:
        ConfigurationError: It can never work.
    """
    if order not in ORDERS:
        raise ConfigurationError(f"worker {group}: order is {order!r}, expected one of {', '.join(ORDERS)}")
    if concurrency < 1:
        raise ConfigurationError(f"worker {group}: concurrency is {concurrency}, it must be at least 1")
    if lease <= timedelta(0):
        raise ConfigurationError(f"worker {group}: lease is {lease}, it must be a positive duration")
