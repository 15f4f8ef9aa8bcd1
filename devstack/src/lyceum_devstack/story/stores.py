"""The check behind the screens: stored documents and topics, of a stack that is all the demo's own."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace

from confluent_kafka import Message

from keylane import dead_letter_topic
from lyceum_allocation import TrainerRow
from lyceum_contracts import CHAT, CHAT_SERVICE, COURSE_SERVICE, DEFAULT_ORG
from lyceum_devstack.check import (
    Case,
    Enrolment,
    Finding,
    Learner,
    Notice,
    Observation,
    Purchase,
    Refund,
    School,
    Sent,
    Skill,
    Trainer,
    expect,
    judge,
)
from lyceum_devstack.demo.kafka import position_of, read_all
from lyceum_devstack.demo.stage import PARTITIONS, Stage
from lyceum_devstack.demo.witness import Witness
from lyceum_devstack.story.trouble import Disturbance, Failing, event_id, failures_of, headers_of
from modelguard import stats

SOURCE = b"/course-service"
"""`ce_source` of what was sold; records that are broken on purpose have another."""


class Stores:
    """Looks behind the screens.

    Args:
        stage: where everything is.
        trainers: that were imported.
        failing: has counted failures.
        disturbance: knows what was published that is no event.

    Attributes:
        case: what was found last, for whoever shows it.
    """

    def __init__(
        self, stage: Stage, trainers: Sequence[TrainerRow], failing: Failing, disturbance: Disturbance
    ) -> None:
        self._stage = stage
        self._trainers = [_trainer(row) for row in trainers]
        self._failing = failing
        self._disturbance = disturbance
        self._defined = asdict(stats())
        self.case: Case | None = None

    def all_is_built(self) -> None:
        """From now on no model is to be defined any more."""
        self._defined = asdict(stats())

    async def judge(self, school: School) -> list[Finding]:
        """Judge what is stored and published.

        Raises:
            ServerError: Kafka does not answer.
        """
        return await asyncio.to_thread(self._judge, school)

    def _judge(self, school: School) -> list[Finding]:
        records = list(read_all(self._stage.bootstrap, self._stage.purchases, PARTITIONS))
        sent = self._sent(records)
        self.case = Case(expect(self._trainers, _facts(school.learners)), tuple(sent), self._seen())
        own = {
            "Each payment left one event, and each refund one": _unreported(school.learners, records),
            "Each message was announced once on the topic `chat`": self._unannounced(school),
            "No listener gave an event up": self._given_up(),
        }
        return [*judge(self.case), *(Finding(promise, tuple(against)) for promise, against in own.items())]

    def _sent(self, records: Iterable[Message]) -> Iterator[Sent]:
        """Return what lies on the topic of purchases; what is broken there is told by its place."""
        broken = {sent.position: sent for sent in self._disturbance.broken}
        for record in records:
            position, named = position_of(record), event_id(record)
            yield broken.get(position) or Sent(
                position, named, record.key(), record.value(), failures=failures_of(named)
            )

    def _seen(self) -> Observation:
        witness = Witness(self._stage)
        try:
            redefined = {name: count - self._defined[name] for name, count in asdict(stats()).items()}
            seen = witness.observe(failed=self._failing.failed, redefined=redefined)
        finally:
            witness.close()
        first: dict[str, Notice] = {}
        for notice in seen.notices:
            first.setdefault(notice.event_id, notice)  # a copy tells nothing new, wherever it lies
        return replace(seen, notices=tuple(first.values()))

    def _unannounced(self, school: School) -> Iterator[str]:
        announced = Counter(
            (data["conversation_id"], data["seq"])
            for data in {
                event_id(record): json.loads(record.value() or b"{}")
                for record in self._records(CHAT.name)
                if dict(headers_of(record)).get("ce_type") == b"MESSAGE_SENT"
            }.values()
        )
        for screen in school.screens.values():
            for conversation in screen.conversations:
                for message in conversation.messages:
                    place = conversation.conversation_id, message.seq
                    if message.is_text and announced[place] != 1:
                        yield f"message {message.seq} of {place[0]} was announced {announced[place]} times"

    def _given_up(self) -> Iterator[str]:
        for group in (COURSE_SERVICE, CHAT_SERVICE):
            topic = dead_letter_topic(self._stage.allocations, self._stage.topic_prefix + group)
            for record in self._records(topic, prefix=""):
                reason = dict(headers_of(record)).get("x-dlq-reason") or b"?"
                yield f"{group} gave up event {event_id(record)}: {reason.decode(errors='replace')}"

    def _records(self, topic: str, *, prefix: str | None = None) -> Iterator[Message]:
        return read_all(
            self._stage.bootstrap, (self._stage.topic_prefix if prefix is None else prefix) + topic, PARTITIONS
        )


def _trainer(row: TrainerRow) -> Trainer:
    skills = frozenset(
        Skill.of(DEFAULT_ORG, subject, language) for subject in row.subjects for language in row.languages
    )
    return Trainer(row.trainer_id, skills, row.capacity)


def _facts(learners: Iterable[Learner]) -> Iterator[Purchase | Refund]:
    """Return what was paid and given back, as the people know it."""
    for learner in learners:
        enrolment = Enrolment(DEFAULT_ORG, learner.student_id, learner.course_id)
        for order in learner.orders:
            if order.paid_minor:
                yield Purchase(order.purchase_id, enrolment, learner.skill)
            if order.refunded_minor:
                yield Refund(order.purchase_id, enrolment, full=not order.gives_access)


def _unreported(learners: Iterable[Learner], records: Sequence[Message]) -> Iterator[str]:
    wanted = Counter(
        (what, order.purchase_id)
        for learner in learners
        for order in learner.orders
        for what, is_due in (("PURCHASE_CREATED", order.paid_minor), ("PURCHASE_REFUNDED", order.refunded_minor))
        if is_due
    )
    events = {event_id(record): record for record in records if _is_sale(record)}
    found = Counter(_what(record) for record in events.values())
    for what, purchase_id in (wanted - found) + (found - wanted):
        due, there = wanted[what, purchase_id], found[what, purchase_id]
        yield f"{there} different events say {what} of {purchase_id}, and it should be {due}"


def _is_sale(record: Message) -> bool:
    return dict(headers_of(record)).get("ce_source") == SOURCE


def _what(record: Message) -> tuple[str, str]:
    kind = dict(headers_of(record)).get("ce_type") or b""
    return kind.decode(), json.loads(record.value() or b"{}")["purchase_id"]
