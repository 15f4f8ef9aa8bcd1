"""Reading a group's dead letters, and what became of each, from the topics and the index of marks."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from keylane.audit import in_order
from keylane.dead_letter import UNREADABLE, read_letter
from keylane.errors import ConfigurationError
from keylane.letter_index import LetterState
from keylane.places import dead_letter_topic, replay_topic, source_topic
from keylane.replaying import mark_of_replay
from keylane.telling import Tally, unwatched

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from keylane.broker import Broker, Record
    from keylane.dead_letter import DeadLetter
    from keylane.letter_index import LetterIndex, Mark
    from keylane.telling import Watch

log = logging.getLogger("keylane")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found:
    """What was read.

    Attributes:
        letters: Each once, with its state.
        unmarked: Replays that the replay topics know and the index does not: whoever published them was cut short.
    """

    letters: tuple[DeadLetter, ...]
    unmarked: tuple[Mark, ...]


class LetterLog:
    """Reads the dead letters of some topics.

    Args:
        broker: Where the topics are.
        group: Whose letters.
        topics: The source topics.
        index: Where marks are kept; None when nothing keeps them but the replay topics.
        max_replays: After so many replays a letter is quarantined.
    """

    def __init__(
        self, broker: Broker, group: str, topics: Sequence[str], index: LetterIndex | None, max_replays: int
    ) -> None:
        self._broker = broker
        self._group = group
        self._topics = tuple(topics)
        self._index = index
        self._max_replays = max_replays

    async def read(self, watch: Watch = unwatched) -> Found:
        """Read everything; of a letter that came back the latest.

        Raises:
            UnavailableError: A server is away.
            ConfigurationError: A dead-letter topic does not exist.
        """
        replayable, count = await self._existing(), Tally("records read", watch)
        found: dict[str, DeadLetter] = {}
        replays: dict[str, Mark] = {}
        for topic in self._topics:
            async for letter in self._letters(topic, count):
                if letter.id not in found or letter.replay_count >= found[letter.id].replay_count:
                    found[letter.id] = letter
            if topic in replayable:
                async for mark in self._replays(topic, count):
                    if mark.letter_id not in replays or mark.replay_count > replays[mark.letter_id].replay_count:
                        replays[mark.letter_id] = mark
        marks = {} if self._index is None else await self._index.marks(list(found))
        letters = tuple(self._standing(letter, replays.get(one), marks.get(one)) for one, letter in found.items())
        return Found(letters, _unmarked(letters, marks))

    async def history(self, letter: DeadLetter, watch: Watch = unwatched) -> tuple[Mark, ...]:
        """What was done to one letter, the oldest first: its replays, and what the index keeps of it.

        Raises:
            UnavailableError: A server is away.
        """
        topic, count = source_topic(letter.topic, self._group), Tally("records read", watch)
        of_index = () if self._index is None else tuple(await self._index.history(letter.id))
        if topic not in await self._existing():
            return in_order(of_index)
        replays = [mark async for mark in self._replays(topic, count) if mark.letter_id == letter.id]
        return in_order(tuple(replays), of_index)

    def _standing(self, letter: DeadLetter, replay: Mark | None, mark: Mark | None) -> DeadLetter:
        """The letter with its state: what was published counts before what was marked."""
        known = max(one.latest_replay for one in (replay, mark) if one) if replay or mark else 0
        letter = replace(letter, latest_replay=max(letter.replay_count, known))
        latest = replay if replay is not None and replay.replay_count >= letter.replay_count else mark
        if latest is not None and latest.replay_count >= letter.replay_count:
            return replace(letter, state=latest.state, mark=latest)
        if letter.replay_count >= self._max_replays:
            return replace(letter, state=LetterState.QUARANTINED)
        return letter

    async def _existing(self) -> set[str]:
        """The topics that have a replay topic."""
        names = {topic: dead_letter_topic(topic, self._group) for topic in self._topics}
        replays = {topic: replay_topic(topic, self._group) for topic in self._topics}
        counts = await self._broker.partitions([*names.values(), *replays.values()])
        if missing := [name for name in names.values() if name not in counts]:
            raise ConfigurationError(f"topic {', '.join(missing)} does not exist: check the group and the topic")
        return {topic for topic, name in replays.items() if name in counts}

    async def _letters(self, topic: str, count: Tally) -> AsyncIterator[DeadLetter]:
        async for letter in self._scan(dead_letter_topic(topic, self._group), read_letter, "dead letter", count):
            if source_topic(letter.topic, self._group) == topic:
                yield replace(letter, value=None)  # read again when it is needed: all of them may not fit into memory
            else:
                log.warning("letter %s is of topic %r, not of %s", letter.id, letter.topic, topic, extra=_FOREIGN)

    def _replays(self, topic: str, count: Tally) -> AsyncIterator[Mark]:
        return self._scan(replay_topic(topic, self._group), mark_of_replay, "replay", count)

    async def _scan(self, topic: str, read: Callable[[Record], T], kind: str, count: Tally) -> AsyncIterator[T]:
        async for record in self._broker.scan(topic):
            count.one_more()
            try:
                one = read(record)
            except UNREADABLE as exc:
                place = f"{record.topic}-{record.partition}@{record.offset}"
                log.warning("%s is no %s: %r", place, kind, exc, extra=_FOREIGN)
            else:
                yield one


_FOREIGN = {"action": "foreign_letter"}


def _unmarked(letters: Sequence[DeadLetter], marks: Mapping[str, Mark]) -> tuple[Mark, ...]:
    known = {(mark.letter_id, mark.replay_count) for mark in marks.values()}
    found = (letter.mark for letter in letters if letter.state is LetterState.REPLAYED)
    return tuple(mark for mark in found if mark is not None and (mark.letter_id, mark.replay_count) not in known)
