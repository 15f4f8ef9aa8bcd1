"""What an operator does with dead letters: the library behind the commands."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeVar

from keylane.dead_letter import Cause
from keylane.errors import ConfigurationError, UnknownLetterError
from keylane.kafka import KafkaBroker
from keylane.letter_index import LetterState, Mark
from keylane.letter_log import LetterLog
from keylane.pacing import Pace
from keylane.replaying import Report, Step, discard_step, note_of, replay_step
from keylane.republishing import Republisher
from keylane.selection import EVERYTHING_OPEN, Selection, selected

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Sequence

    from keylane.broker import Broker
    from keylane.dead_letter import DeadLetter
    from keylane.inbox import Inbox, Known
    from keylane.letter_index import LetterIndex
    from keylane.replaying import Note
    from keylane.settings import KafkaSettings

log = logging.getLogger("keylane")
T = TypeVar("T")

MAX_REPLAYS: Final = 3
"""A letter that came back so often is quarantined: what did not help three times needs a look, not a fourth."""
RATE_PER_S: Final = 100.0
"""Replays per second unless told otherwise: a backlog must not push today's work aside."""
ASKED_AT_ONCE: Final = 200
"""Messages that the idempotency store is asked about together."""
MARKED_AT_ONCE: Final = 200
"""Letters that are discarded together."""
Progress = Callable[[int, int], object]
"""Told after each letter: how many are done, and of how many."""


def untold(done: int, total: int) -> None:
    """Tell nobody."""


async def all_of(work: Iterable[Awaitable[T]]) -> list[T]:
    """All results; an error only once everything has ended, so that nothing goes on behind it."""
    tasks = [asyncio.ensure_future(one) for one in work]
    await asyncio.gather(*tasks, return_exceptions=True)
    return [task.result() for task in tasks]


def utc_now() -> datetime:
    """The default clock."""
    return datetime.now(UTC)


class DeadLetters:
    """The dead letters of one group, read from the broker at every call.

    The letters rest in topics that cannot be changed; what was done with them is known from two places: the replay
    topics hold what was replayed, and the index holds who replayed or discarded what, and why. Without an index letters
    can be listed, shown and replayed, not discarded.

    Args:
        group: Whose.
        topics: The source topics (not their dead-letter topics).
        settings: How to reach Kafka.
        broker: Instead of Kafka, for tests.
        inbox: The group's idempotency store, which knows stack traces, and which messages are done.
        index: Where marks are kept.
        max_replays: After so many replays a letter is quarantined.
        clock: Aware UTC.

    Raises:
        ConfigurationError: Neither settings nor a broker were given.
    """

    def __init__(
        self,
        group: str,
        topics: Sequence[str],
        *,
        settings: KafkaSettings | None = None,
        broker: Broker | None = None,
        inbox: Inbox | None = None,
        index: LetterIndex | None = None,
        max_replays: int = MAX_REPLAYS,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        if broker is None:
            if settings is None:
                raise ConfigurationError("DeadLetters needs KafkaSettings")
            broker = KafkaBroker(settings)
        self._broker = broker
        self._group = group
        self._topics = tuple(topics)
        self._inbox = inbox
        self._index = index
        self._clock = clock
        self._log = LetterLog(broker, group, topics, index, max_replays)

    async def list(self, selection: Selection = EVERYTHING_OPEN) -> tuple[DeadLetter, ...]:
        """Letters, oldest failure first, each once. A record that is no letter is logged and left out.

        Raises:
            SelectionError: A letter that is named does not exist, or the name fits several.
            UnavailableError: A server is away.
            ConfigurationError: A topic does not exist.
        """
        found = selected(selection, (await self._log.read()).letters)
        return tuple(sorted(found, key=lambda letter: (letter.last_failed_at, letter.id)))

    async def show(self, letter_id: str) -> DeadLetter | None:
        """One letter by its id (or as many of its first digits as are unique), with its stack trace; or None.

        Raises:
            SelectionError: Several letters begin with these digits.
            UnavailableError: A server is away.
        """
        try:
            (letter,) = await self.list(Selection(ids=[letter_id]))
        except UnknownLetterError:
            return None
        known = await self._known(letter)
        if known is None or known.burial is None or known.burial.letter_id != letter.id:
            return letter
        return replace(letter, stack=known.burial.stack)

    async def histogram(self, selection: Selection = EVERYTHING_OPEN) -> dict[Cause, int]:
        """How many letters each cause has, the most frequent first.

        Raises:
            SelectionError: As `list`.
            UnavailableError: A server is away.
        """
        found = await self.list(selection)
        causes = (Cause(letter.reason, letter.error_type, letter.fingerprint) for letter in found)
        return dict(Counter(causes).most_common())

    async def replay(
        self,
        selection: Selection = EVERYTHING_OPEN,
        *,
        apply: bool = False,
        actor: str = "",
        why: str = "",
        rate: float | None = RATE_PER_S,
        force: bool = False,
        progress: Progress = untold,
    ) -> Report:
        """Publish letters again, to the replay topic that only their group reads: key, value and headers as they were.

        The worker runs such a message again with all its attempts. Letters of one key are published in the order
        of its log. A replay that was cut short, by whatever, is continued by calling it again.

        Args:
            selection: Which.
            apply: False: nothing is published, the report says what would be.
            actor: Who does it; needed to apply.
            why: For those who read the marks later.
            rate: At most so many per second; None for no limit.
            force: Also what was quarantined, replayed or discarded before. What is done stays done.
            progress: Told after each letter.

        Raises:
            SelectionError: As `list`.
            UnavailableError: A server is away; what was published before stays published, and is known as replayed.
            ConfigurationError: A topic does not exist, or there is no actor, or its words cannot be kept.
        """
        note, pace = note_of(LetterState.REPLAYED, actor, why, apply=apply), Pace(rate)
        found = await self._log.read()
        letters = sorted(selected(selection, found.letters), key=lambda one: (one.topic, one.partition, one.offset))
        steps: list[Step] = []
        for start in range(0, len(letters), ASKED_AT_ONCE):
            some = letters[start : start + ASKED_AT_ONCE]
            known = await all_of(self._known(letter) for letter in some)
            steps += (replay_step(letter, one, force=force) for letter, one in zip(some, known, strict=True))
        report = Report(note.run, apply, tuple(steps))
        if apply:
            if found.unmarked:  # the run that published them was cut short
                await self._keep(*found.unmarked)
            await self._publish_all(report.acted, note, pace, progress)
        return report

    async def discard(
        self,
        selection: Selection,
        *,
        apply: bool = False,
        actor: str = "",
        why: str = "",
        progress: Progress = untold,
    ) -> Report:
        """Decide that letters need nothing: they are listed no more, and stay in their topic.

        Args:
            selection: Which.
            apply: False: nothing is marked, the report says what would be.
            actor: Who does it; needed to apply.
            why: For those who read the marks later; needed to apply.
            progress: Told after each letter.

        Raises:
            SelectionError: As `list`.
            UnavailableError: A server is away; what was marked before stays marked.
            ConfigurationError: There is no index, no actor, or no reason.
        """
        if self._index is None:
            raise ConfigurationError(
                "discarding needs an index of marks, as the topic cannot be changed: set MONGODB_URI"
            )
        if apply and not why:
            raise ConfigurationError("say why these letters are discarded: nobody can ask you later")
        note = note_of(LetterState.DISCARDED, actor, why, apply=apply)
        report = Report(note.run, apply, tuple(discard_step(letter) for letter in await self.list(selection)))
        if apply:
            await self._mark_all(report.acted, note, progress)
        return report

    async def _known(self, letter: DeadLetter) -> Known | None:
        if self._inbox is None or letter.message_id is None:
            return None
        return await self._inbox.look(f"{self._group}:{letter.message_id}")

    async def _publish_all(self, acting: Sequence[Step], note: Note, pace: Pace, progress: Progress) -> None:
        """Publish, then mark: what is published and not marked is found in the replay topic."""
        letters, steps = [step.letter for step in acting], {step.letter.id: step for step in acting}
        async with Republisher(self._broker, self._group) as republisher:
            await republisher.check_topics(letters)
            done = 0
            async with aclosing(
                republisher.publish(letters, lambda letter: self._mark(steps[letter.id], note), pace)
            ) as published:
                async for marks in published:
                    await self._keep(*marks)
                    for _ in marks:
                        progress(done := done + 1, len(acting))

    async def _mark_all(self, acting: Sequence[Step], note: Note, progress: Progress) -> None:
        for start in range(0, len(acting), MARKED_AT_ONCE):
            some = acting[start : start + MARKED_AT_ONCE]
            await self._keep(*(self._mark(step, note) for step in some))
            for done in range(start, start + len(some)):
                progress(done + 1, len(acting))

    def _mark(self, step: Step, note: Note) -> Mark:
        return Mark(
            letter_id=step.letter.id,
            group=self._group,
            state=note.state,
            replay_count=step.replay - 1 if step.replay else step.letter.replay_count,
            actor=note.actor,
            why=note.why,
            run=note.run,
            at=self._clock(),
        )

    async def _keep(self, *marks: Mark) -> None:
        """The audit entries: log lines in any case, and marks where there is an index."""
        for mark in marks:
            log.info(
                "letter %s %s by %s: %s",
                mark.letter_id,
                mark.state,
                mark.actor,
                mark.why or "no reason given",
                extra={
                    "action": f"letter_{mark.state}",
                    "letter_id": mark.letter_id,
                    "actor": mark.actor,
                    "run": mark.run,
                },
            )
        if self._index is not None:
            await self._index.mark(*marks)
