"""What an operator does with dead letters: the library behind the commands."""

from __future__ import annotations

from collections import Counter
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from keylane.audit import Audit
from keylane.dead_letter import Cause
from keylane.errors import ConfigurationError, UnknownLetterError
from keylane.kafka import KafkaBroker
from keylane.letter_index import LetterState
from keylane.letter_log import LetterLog
from keylane.pacing import Pace
from keylane.recalling import ASKED_AT_ONCE, Recall
from keylane.replaying import Action, Report, discard_step, gone_step, note_of, replay_step
from keylane.republishing import Republisher
from keylane.rereading import whole
from keylane.selection import EVERYTHING_OPEN, Selection, elsewhere, selected
from keylane.telling import untold, unwatched

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence

    from keylane.broker import Broker
    from keylane.dead_letter import DeadLetter
    from keylane.inbox import Inbox
    from keylane.letter_index import LetterIndex
    from keylane.replaying import Note, Step
    from keylane.settings import KafkaSettings
    from keylane.telling import Progress, Watch

MAX_REPLAYS: Final = 3
"""A letter that came back so often is quarantined: what did not help three times needs a look, not a fourth."""
RATE_PER_S: Final = 100.0
"""Replays per second unless told otherwise: a backlog must not push today's work aside."""
MARKED_AT_ONCE: Final = 200
"""Letters that are discarded together."""


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

    Attributes:
        watch: Told how many records were read, and letters looked up, before any of them is acted on.

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
        self.watch: Watch = unwatched
        self._broker = broker
        self._group = group
        self._has_index = index is not None
        self._audit = Audit(index, group, clock)
        self._recall = Recall(inbox, group)
        self._log = LetterLog(broker, group, topics, index, max_replays)

    async def list(self, selection: Selection = EVERYTHING_OPEN) -> tuple[DeadLetter, ...]:
        """Letters, oldest failure first, each once, without their values, which stay in their topics (see `whole`).

        A record that is no letter is logged and left out.

        Raises:
            SelectionError: A letter that is named does not exist, or the name fits several.
            UnavailableError: A server is away.
            ConfigurationError: A topic does not exist.
        """
        found = selected(selection, (await self._log.read(self.watch)).letters)
        return _by_death(found)

    async def whole(self, letters: Sequence[DeadLetter]) -> AsyncGenerator[DeadLetter, None]:
        """The letters with their values, in their order, few at a time; one that is gone from its topic is left out.

        Raises:
            UnavailableError: A server is away.
        """
        async with aclosing(whole(self._broker, letters)) as found:
            async for letter in found:
                yield letter

    async def recalled(self, letters: Sequence[DeadLetter]) -> tuple[DeadLetter, ...]:
        """The letters; those that were replayed with the present state of their message, if the inbox knows it.

        Raises:
            UnavailableError: The store is away.
        """
        return await self._recall.replayed(letters, self.watch)

    async def show(self, letter_id: str) -> DeadLetter | None:
        """One letter by its id (or as many of its first digits as are unique), or None.

        With its stack trace, what was done to it, and the present state of its message.

        Raises:
            SelectionError: Several letters begin with these digits.
            UnavailableError: A server is away.
        """
        try:
            (letter,) = await self.list(Selection(ids=[letter_id]))
        except UnknownLetterError:
            return None
        async for full in self.whole([letter]):
            letter = full
        letter = replace(letter, history=await self._log.history(letter, self.watch))
        known = await self._recall.of(letter)
        if known is None:
            return letter
        letter = replace(letter, message_state=known.state)
        if known.burial is None or known.burial.letter_id != letter.id:
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
        limit: int | None = None,
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
            limit: At most so many; None for no limit.
            force: Also what was quarantined, replayed or discarded before. What is done stays done.
            progress: Told after each letter.

        Raises:
            SelectionError: As `list`.
            UnavailableError: A server is away; what was published before stays published, and is known as replayed.
            ConfigurationError: A topic does not exist, or there is no actor, or its words cannot be kept.
        """
        note, pace = note_of(LetterState.REPLAYED, actor, why, apply=apply), Pace(rate)
        found = await self._log.read(self.watch)
        letters = sorted(selected(selection, found.letters), key=lambda one: (one.topic, one.partition, one.offset))
        planned = self._replay_steps(letters, force=force)
        steps = [step async for step in _limited(planned, limit)]
        report = Report(note.run, apply, tuple(steps), elsewhere(selection, found.letters))
        if apply:
            if found.unmarked:  # the run that published them was cut short
                await self._audit.keep(*found.unmarked)
            published = await self._publish_all(report.acted, note, pace, progress)
            steps = [gone_step(step) if step.replay and step.letter.id not in published else step for step in steps]
        return replace(report, steps=tuple(steps))

    async def discard(
        self,
        selection: Selection,
        *,
        apply: bool = False,
        actor: str = "",
        why: str = "",
        limit: int | None = None,
        progress: Progress = untold,
    ) -> Report:
        """Decide that letters need nothing: they are listed no more, and stay in their topic.

        Args:
            selection: Which.
            apply: False: nothing is marked, the report says what would be.
            actor: Who does it; needed to apply.
            why: For those who read the marks later; needed to apply.
            limit: At most so many; None for no limit.
            progress: Told after each letter.

        Raises:
            SelectionError: As `list`.
            UnavailableError: A server is away; what was marked before stays marked.
            ConfigurationError: There is no index, no actor, or no reason.
        """
        if not self._has_index:
            raise ConfigurationError(
                "discarding needs an index of marks, as the topic cannot be changed: set MONGODB_URI"
            )
        if apply and not why:
            raise ConfigurationError("say why these letters are discarded: nobody can ask you later")
        note = note_of(LetterState.DISCARDED, actor, why, apply=apply)
        found = (await self._log.read(self.watch)).letters
        planned = _discard_steps(_by_death(selected(selection, found)))
        steps = [step async for step in _limited(planned, limit)]
        report = Report(note.run, apply, tuple(steps), elsewhere(selection, found))
        if apply:
            await self._mark_all(report.acted, note, progress)
        return report

    async def _replay_steps(self, letters: Sequence[DeadLetter], *, force: bool) -> AsyncIterator[Step]:
        for start in range(0, len(letters), ASKED_AT_ONCE):
            some = letters[start : start + ASKED_AT_ONCE]
            for letter, known in zip(some, await self._recall.of_some(some), strict=True):
                yield replay_step(letter, known, force=force)
            self.watch("letters looked up", start + len(some))

    async def _publish_all(self, acting: Sequence[Step], note: Note, pace: Pace, progress: Progress) -> set[str]:
        """Publish, then mark: what is published and not marked is found in the replay topic. Answers which were."""
        letters, steps = [step.letter for step in acting], {step.letter.id: step for step in acting}
        async with Republisher(self._broker, self._group) as republisher:
            await republisher.check_topics(letters)
            done = set[str]()
            async with (
                aclosing(self.whole(letters)) as full,
                aclosing(
                    republisher.publish(full, lambda one: self._audit.mark(steps[one.id], note), pace)
                ) as published,
            ):
                async for marks in published:
                    await self._audit.keep(*marks)
                    for mark in marks:
                        done.add(mark.letter_id)
                        progress(len(done), len(acting))
        return done

    async def _mark_all(self, acting: Sequence[Step], note: Note, progress: Progress) -> None:
        for start in range(0, len(acting), MARKED_AT_ONCE):
            some = acting[start : start + MARKED_AT_ONCE]
            await self._audit.keep(*(self._audit.mark(step, note) for step in some))
            for done in range(start, start + len(some)):
                progress(done + 1, len(acting))


def _by_death(letters: Sequence[DeadLetter]) -> tuple[DeadLetter, ...]:
    return tuple(sorted(letters, key=lambda letter: (letter.last_failed_at, letter.rest)))


async def _discard_steps(letters: Sequence[DeadLetter]) -> AsyncIterator[Step]:
    for letter in letters:
        yield discard_step(letter)


async def _limited(steps: AsyncIterator[Step], limit: int | None) -> AsyncIterator[Step]:
    """The steps up to the last one that may act."""
    acted = 0
    async for step in steps:
        yield step
        acted += step.action is not Action.LEAVE
        if acted == limit:
            return
