"""The topics of a group's dead letters, and the place where a record stood first, however often it was replayed."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from keylane.inbox import Replay

if TYPE_CHECKING:
    from keylane.broker import Record

PREFIX: Final = "x-dlq-"
"""Begins the name of every header that this runtime adds to a letter or a replay."""
WHOLE_NUMBER: Final = re.compile(r"-?[0-9]{1,18}")
"""What fits into Kafka's 64-bit offsets and timestamps."""

MAX_REPLAYS: Final = 1_000
"""A record that says it is a later replay than this is none: the store keeps the count, so that every honest replay
after it would be taken for an old one. Nobody replays a letter so often."""

LETTER_ID: Final = re.compile(r"[0-9a-f]{32}")
"""What `letter_id` makes."""


class Place(NamedTuple):
    """Where a record stood first, and which replay of it this is."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    replay: Replay | None = None
    first_failed_at: datetime | None = None


def dead_letter_topic(topic: str, group: str) -> str:
    """Where the dead letters of one topic and one group rest."""
    return f"{topic}.{group}.dlq"


def replay_topic(topic: str, group: str) -> str:
    """Where dead letters of one topic are published again, for this group alone."""
    return f"{topic}.{group}.replay"


def source_topic(topic: str, group: str) -> str:
    """The topic itself, or the one whose replays it carries."""
    return topic.removesuffix(replay_topic("", group))


def letters_of(topic: str, group: str) -> str:
    """Where a record that was read from this topic, a source or its replays, is laid down."""
    return dead_letter_topic(source_topic(topic, group), group)


def first_place(group: str, record: Record) -> Place:
    """Where a record stood before it was replayed.

    Only the group's own replay topic is believed: a source record with such headers is somebody's copy. So is a record
    of the replay topic whose headers are no place on the source of that topic.
    """
    source = source_topic(record.topic, group)
    if source != record.topic:
        try:
            return _carried(record, source)
        except (KeyError, ValueError, OverflowError):
            pass
    return Place(record.topic, record.partition, record.offset, record.timestamp)


def replay_of(group: str, record: Record) -> Replay | None:
    """Which replay this record is; None for one that is no replay of this group's."""
    return first_place(group, record).replay if record.topic.endswith(".replay") else None


def letter_id(group: str, record: Record) -> str:
    """The stable `x-dlq-id` of a record: the same however often it is replayed and its letter produced."""
    place = first_place(group, record)
    words = f"{group}\0{place.topic}\0{place.partition}\0{place.offset}"
    return hashlib.blake2b(words.encode(), digest_size=16).hexdigest()


def whole(text: bytes | str) -> int:
    """A count, a partition or an offset as a header carries it.

    Raises:
        ValueError: It is none, or none that Kafka and a store could keep.
    """
    if (number := milliseconds(text)) < 0:
        raise ValueError("it is negative")
    return number


def replays(text: bytes | str) -> int:
    """Which replay it is, as a header carries it.

    Raises:
        ValueError: As `whole`, or nobody replayed anything so often.
    """
    if (count := whole(text)) > MAX_REPLAYS:
        raise ValueError("nobody replayed it so often")
    return count


def milliseconds(text: bytes | str) -> int:
    """A record's timestamp as a header carries it; -1 when the record has none.

    Raises:
        ValueError: As `whole`.
    """
    written = text.decode() if isinstance(text, bytes) else text
    if not WHOLE_NUMBER.fullmatch(written):
        raise ValueError("no whole number")
    return int(written)


def moment(text: str) -> datetime:
    """A moment as this runtime writes it into a header.

    Raises:
        ValueError: It is none.
        OverflowError: It lies outside of time.
    """
    return datetime.fromisoformat(text).astimezone(UTC)


def _carried(record: Record, source: str) -> Place:
    facts = {name.removeprefix(PREFIX): value or b"" for name, value in record.headers if name.startswith(PREFIX)}
    topic = facts["topic"].decode()
    if topic not in (source, record.topic):  # what somebody wrote to the replay topic himself stood there first
        raise ValueError("it comes from another topic")
    replay = Replay(replays(facts["replay-count"]), facts.get("replay-id", b"").decode())
    failed = moment(facts["first-failed-at"].decode()) if "first-failed-at" in facts else None
    place = whole(facts["partition"]), whole(facts["offset"]), milliseconds(facts["timestamp"])
    return Place(topic, *place, replay, failed)
