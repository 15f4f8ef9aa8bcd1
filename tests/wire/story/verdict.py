"""From what the crowd was told and what is left to which promises were broken. Pure; it trusts no program's counts."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from confluent_kafka import Message

from lyceum_contracts import (
    MessageSent,
    PurchaseCreated,
    PurchaseRefunded,
    TrainerAllocated,
    TrainerDeallocated,
    UserRegistered,
)
from lyceum_devstack import check
from lyceum_devstack.check import Case, Enrolment, Finding, Observation, Purchase, Refund, Sent, expect
from lyceum_devstack.demo.kafka import position_of
from lyceum_devstack.demo.witness import allocation, done_ids, letter, notice, trainer

from .crowd import Book, Order
from .evidence import Evidence
from .school import ORG, School
from .screens import Screens


class Fact(NamedTuple):
    """An event of the log."""

    event_id: str
    type: str
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that is judged.

    Attributes:
        worker_group: the consumer group of the allocation worker.
    """

    school: School
    book: Book
    evidence: Evidence
    screens: Screens
    worker_group: str

    def facts(self, topic: str) -> Iterator[Fact]:
        for message in self.evidence.records[topic]:
            headers = _headers(message)
            yield Fact(headers["ce_id"], headers["ce_type"], json.loads(message.value() or b"{}"))

    @property
    def owed(self) -> set[tuple[str, str]]:
        """(student, course) of everybody who paid and was not given all back."""
        return {(order.student_id, order.course_id) for order in self.book.orders if not order.given_back}

    @property
    def seated(self) -> dict[tuple[str, str], str]:
        """(student, course) -> trainer, as allocations say."""
        return {
            (found["student_id"], found["course_id"]): found["trainer_id"]
            for found in self.evidence.documents["allocations"]
            if found["state"] == "ASSIGNED"
        }


def judged(outcome: Outcome) -> list[Finding]:
    """Check every promise; returns those that are broken."""
    findings = [Finding(promise, tuple(against(outcome))) for promise, against in _PROMISES.items()]
    findings += check.judge(_as_case(outcome))
    return [finding for finding in findings if finding.against]


def lost_or_doubled_orders(outcome: Outcome) -> Iterator[str]:
    """Each click that was confirmed is one order, paid and settled; there are no others."""
    confirmed = {order.purchase_id: order for order in outcome.book.orders}
    if len(confirmed) != len(outcome.book.orders):
        yield "two clicks were told of one order"
    stored = {order["_id"]: order for order in outcome.evidence.documents["purchases"]}
    for purchase_id in sorted(confirmed.keys() - stored.keys()):
        yield f"order {purchase_id} was confirmed and is gone"
    for purchase_id in sorted(stored.keys() - confirmed.keys()):
        yield f"order {purchase_id} is stored and nobody was told of it"
    for purchase_id in sorted(confirmed.keys() & stored.keys()):
        due = "refunded" if confirmed[purchase_id].given_back else "paid"
        if stored[purchase_id]["status"] != due:
            yield f"order {purchase_id} is {stored[purchase_id]['status']} and should be {due}"
    for event in outcome.evidence.documents["webhook_events"]:
        if event["status"] != "done":
            yield f"payment event {event['event_id']} is {event['status']}: {event.get('outcome')}"


def wrong_enrolments(outcome: Outcome) -> Iterator[str]:
    """One enrolment for each student and course, with exactly the purchases that were paid and given back."""
    bought = _by_enrolment(outcome.book)
    found = Counter((one["student_id"], one["course_id"]) for one in outcome.evidence.documents["enrolments"])
    for whose, count in found.items():
        if count > 1 or whose not in bought:
            yield f"{whose} has {count} enrolments and should have {1 if whose in bought else 0}"
    for one in outcome.evidence.documents["enrolments"]:
        orders = bought.get((one["student_id"], one["course_id"]), [])
        paid, back = {order.purchase_id for order in orders}, {o.purchase_id for o in orders if o.given_back}
        if (set(one["grants"]), set(one["revoked"])) != (paid, back):
            yield f"enrolment {one['_id']} has grants {one['grants']}, revoked {one['revoked']}: not as bought"
    for whose in sorted(bought.keys() - found.keys()):
        yield f"{whose} paid and has no enrolment"


def wrong_screens(outcome: Outcome) -> Iterator[str]:
    """Each student sees all orders, and of each course the very trainer that was allocated, or the wait."""
    ordered = Counter(order.student_id for order in outcome.book.orders)
    for student, shown in outcome.screens.orders.items():
        if len(shown) != ordered[student]:
            yield f"{student} is shown {len(shown)} orders and made {ordered[student]}"
    seen = {
        (student, one["course_id"]): one
        for student, shown in outcome.screens.enrolments.items()
        for one in shown
        if one["status"] == "active"
    }
    for whose in sorted(outcome.owed ^ seen.keys()):
        yield f"{whose} {'paid and may not attend' if whose in outcome.owed else 'attends and has nothing paid'}"
    for whose, one in seen.items():
        due = outcome.seated.get(whose)
        if one["trainer_id"] != due or (one["waiting"] is None) == (due is None):
            yield f"{whose} is shown trainer {one['trainer_id']}, waiting {one['waiting']}; allocated is {due}"


def wrong_conversations(outcome: Outcome) -> Iterator[str]:
    """One conversation of each student with the trainer of each course, seen by both; none of those who wait."""
    stored = Counter((one["student_id"], one["course_id"]) for one in outcome.evidence.documents["conversations"])
    for whose, count in stored.items():
        if count > 1:
            yield f"{whose} has {count} conversations"
    for whose in sorted(outcome.seated.keys() - stored.keys()):
        yield f"{whose} has a trainer and no conversation"
    gone = {whose for whose in stored if whose not in outcome.seated and whose in outcome.owed}
    for whose in sorted(gone):
        yield f"{whose} waits for a trainer and has a conversation"
    yield from _unseen_conversations(outcome)


def _unseen_conversations(outcome: Outcome) -> Iterator[str]:
    open_ones = {
        (one["student_id"], one["course_id"]): one["_id"]
        for one in outcome.evidence.documents["conversations"]
        if one["status"] == "open"
    }
    if open_ones.keys() != outcome.seated.keys():
        yield f"open conversations and seats differ: {sorted(open_ones.keys() ^ outcome.seated.keys())}"
    shown = {user: Counter(one["id"] for one in seen) for user, seen in outcome.screens.conversations.items()}
    for (student, course), conversation in open_ones.items():
        for member in (student, outcome.seated.get((student, course), "")):
            if shown.get(member, Counter())[conversation] != 1:
                yield f"conversation {conversation} is not on the screen of {member} once"


def lost_or_doubled_messages(outcome: Outcome) -> Iterator[str]:
    """What was said is there once, under the number that was told; numbers have no gaps."""
    by_conversation = defaultdict(list)
    for message in outcome.evidence.documents["chat_messages"]:
        by_conversation[message["conversation_id"]].append(message)
    for conversation, messages in by_conversation.items():
        numbers = sorted(message["seq"] for message in messages)
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"conversation {conversation} has messages {numbers}"
        opened = [message for message in messages if message.get("notice") == "opened"]
        if len(opened) != 1:
            yield f"conversation {conversation} was opened {len(opened)} times"
    for said in outcome.book.said:
        found = [one["seq"] for one in by_conversation[said.conversation_id] if one["client_id"] == said.client_id]
        if found != [said.seq]:
            yield f"{said} is stored as {found}"
    said_by_students = {said.student_id for said in outcome.book.said}
    for student in sorted({student for student, _ in outcome.owed} - said_by_students):
        yield f"student {student} said nothing"


def effects_told_twice(outcome: Outcome) -> Iterator[str]:
    """However often a record is there, its id, key and value are the same; each fact has one id."""
    for topic, messages in outcome.evidence.records.items():
        copies: dict[str, set[tuple[object, ...]]] = defaultdict(set)
        for message in messages:
            copies[_headers(message)["ce_id"]].add((message.key(), message.value(), message.partition()))
        yield from (
            f"{topic}: event {event} is told in {len(ways)} ways" for event, ways in copies.items() if len(ways) > 1
        )
    for topic, event_type, names in _FACTS:
        ids: dict[tuple[object, ...], set[str]] = defaultdict(set)
        for fact in outcome.facts(topic):
            if fact.type == event_type:
                ids[tuple(fact.body[name] for name in names)].add(fact.event_id)
        yield from (
            f"{event_type} of {what} is told by {len(told)} events" for what, told in ids.items() if len(told) > 1
        )


def untold(outcome: Outcome) -> Iterator[str]:
    """Every order that was paid, every one given back, and every message was told, and nothing else."""
    due = {(PurchaseCreated.type, order.purchase_id) for order in outcome.book.orders}
    due |= {(PurchaseRefunded.type, order.purchase_id) for order in outcome.book.orders if order.given_back}
    due |= {(MessageSent.type, message["_id"]) for message in outcome.evidence.documents["chat_messages"]}
    told = {(fact.type, fact.body["purchase_id"]) for fact in outcome.facts("purchases")}
    told |= {(fact.type, fact.body["message_id"]) for fact in outcome.facts("chat")}
    for event_type, about in sorted(due ^ told, key=str):
        yield f"{event_type} of {about} is {'missing' if (event_type, about) in due else 'not due'}"


def dead_letters(outcome: Outcome) -> Iterator[str]:
    """Nobody gave up on anything."""
    for topic, messages in outcome.evidence.records.items():
        if topic.endswith(".dlq"):
            yield from (f"{topic}: {_headers(message)['x-dlq-reason']}: {message.value()!r}" for message in messages)


_FACTS = (
    ("purchases", PurchaseCreated.type, ("purchase_id",)),
    ("purchases", PurchaseRefunded.type, ("purchase_id",)),
    ("allocations", TrainerAllocated.type, ("allocation_id",)),
    ("allocations", TrainerDeallocated.type, ("allocation_id",)),
    ("users", UserRegistered.type, ("user_id",)),
    ("chat", MessageSent.type, ("message_id",)),
)
"""Topic, type and the fields that name one fact: nobody is moved here, so a trainer is given once and taken once."""

_PROMISES: Mapping[str, Callable[[Outcome], Iterator[str]]] = {
    "No order is lost or doubled": lost_or_doubled_orders,
    "Whoever paid is enrolled once, with the purchases that were paid": wrong_enrolments,
    "Students see their orders, and their trainer or their wait": wrong_screens,
    "Whoever has a trainer has one conversation": wrong_conversations,
    "What was said is there once": lost_or_doubled_messages,
    "Each fact is told by one event": effects_told_twice,
    "Every payment, refund and message was told": untold,
    "No event was given up": dead_letters,
}


def _as_case(outcome: Outcome) -> Case:
    """The same for the judge of the development stack, who knows what the allocation worker promises."""
    seen, school = outcome.evidence, outcome.school
    orders = outcome.book.orders
    events: list[Purchase | Refund] = [
        Purchase(order.purchase_id, _enrolment(order), school.skill(order.course_id)) for order in orders
    ]
    events += [Refund(order.purchase_id, _enrolment(order), full=True) for order in orders if order.given_back]
    observation = Observation(
        allocations=tuple(allocation(one) for one in seen.documents["allocations"]),
        trainers=tuple(trainer(one) for one in seen.documents["trainer_capacity"]),
        letters=tuple(letter(one) for one in seen.records["purchases.allocation_worker.dlq"]),
        notices=tuple(notice(one) for one in seen.records["allocations"]),
        done=done_ids(outcome.worker_group, seen.documents["inbox"]),
        committed=seen.committed["purchases", "allocation_worker"],
        failed={},
        redefined={},
    )
    return Case(
        expect(school.trainers.values(), events), tuple(_sent(one) for one in seen.records["purchases"]), observation
    )


def _sent(message: Message) -> Sent:
    return Sent(position_of(message), _headers(message)["ce_id"], message.key(), message.value())


def _enrolment(order: Order) -> Enrolment:
    return Enrolment(ORG, order.student_id, order.course_id)


def _by_enrolment(book: Book) -> dict[tuple[str, str], list[Order]]:
    bought: dict[tuple[str, str], list[Order]] = defaultdict(list)
    for order in book.orders:
        bought[order.student_id, order.course_id].append(order)
    return bought


def _headers(message: Message) -> dict[str, str]:
    headers: Any = message.headers() or []  # a list of pairs here; the client's types allow for more
    return {name: value.decode(errors="replace") for name, value in headers}
