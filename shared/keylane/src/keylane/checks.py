"""Start-up checks of a worker's arguments: what can never work is refused in one line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from keylane.arguments import check_count, check_duration, check_given, check_text, is_generator
from keylane.errors import ConfigurationError
from keylane.places import replay_topic
from keylane.retry import RetryPolicy
from keylane.settings import KafkaSettings

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import timedelta

    from keylane.message import Handler

NAME: Final = re.compile(r"[A-Za-z0-9._-]+")
MAX_NAME_CHARACTERS: Final = 249
"""What Kafka takes as the name of a topic."""
ORDERS: Final = ("key", "partition", "none")


def check(group: str, topics: Sequence[str], handlers: Mapping[str, Handler], ignored: Collection[str]) -> None:
    """Check what a worker reads and runs.

    Raises:
        ConfigurationError: It can never work.
    """
    check_text("Worker(group)", group)
    if not group:
        raise ConfigurationError("a worker needs a group name")
    for name, several in (("topics", topics), ("ignored", ignored)):
        if isinstance(several, str):
            raise ConfigurationError(f"worker {group}: {name} is the str {several!r}: give a list")
    if not topics or not all(_is_name(topic) for topic in topics):
        raise ConfigurationError(f"worker {group} has no topics: give a list of topic names")
    _check_names(group, topics)
    _check_handlers(group, handlers)
    if both := sorted(set(ignored) & set(handlers)):
        raise ConfigurationError(f"worker {group} both handles and ignores {', '.join(both)}")


def _check_handlers(group: str, handlers: Mapping[str, Handler]) -> None:
    if not isinstance(handlers, Mapping):
        raise ConfigurationError(f"worker {group}: handlers is {handlers!r}: give a dict of event types and functions")
    if not handlers:
        raise ConfigurationError(f"worker {group} has no handler: give at least one event type with its function")
    for type_, handler in handlers.items():
        if not callable(handler):
            raise ConfigurationError(f"worker {group}: the handler of {type_!r} cannot be called")
        if is_generator(handler):
            words = f"the handler of {type_!r} has a `yield`, so a call would run no line of it"
            raise ConfigurationError(f"worker {group}: {words}: give a plain or an async function")


def _check_names(group: str, topics: Sequence[str]) -> None:
    """The group is part of topic names, and of the keys of the store, which `:` parts from the id of an event."""
    for what, name in (("group", group), *(("topic", topic) for topic in topics)):
        if not NAME.fullmatch(name):
            raise ConfigurationError(f"the {what} {name!r} must consist of ASCII letters, digits, '.', '_' and '-'")
    for topic in topics:
        if len(longest := replay_topic(topic, group)) > MAX_NAME_CHARACTERS:
            words = f"{longest} has {len(longest)} characters, and Kafka takes {MAX_NAME_CHARACTERS}"
            raise ConfigurationError(f"worker {group}: the name of its topic {words}: shorten topic or group")


def _is_name(topic: Any) -> bool:
    return isinstance(topic, str) and bool(topic)


def check_limits(group: str, *, order: str, concurrency: int, lease: timedelta) -> None:
    """Check how a worker runs it.

    Raises:
        ConfigurationError: It can never work.
    """
    if order not in ORDERS:
        raise ConfigurationError(f"worker {group}: order is {order!r}, expected one of {', '.join(ORDERS)}")
    check_count(f"worker {group}: concurrency", concurrency)
    check_duration(f"worker {group}: lease", lease)


def check_parts(group: str, *, inbox: Any, retry: Any, settings: Any, outages: Any) -> None:
    """Check what a worker is made of, above all for a class without its parentheses.

    Raises:
        ConfigurationError: It is of another kind than it must be.
    """
    if isinstance(inbox, type) or not callable(getattr(inbox, "claim", None)):
        raise ConfigurationError(f"worker {group}: inbox is {inbox!r}: give one such as MemoryInbox()")
    check_given(f"worker {group}: retry", retry, RetryPolicy)
    check_given(f"worker {group}: settings", settings, KafkaSettings)
    kinds = outages if isinstance(outages, Sequence) else [outages]
    if isinstance(outages, type) or not all(isinstance(kind, type) and issubclass(kind, Exception) for kind in kinds):
        raise ConfigurationError(f"worker {group}: outages is {outages!r}: give a list of exception classes")
