"""Every question to the store is answered by an index: what the service really asks is held against the declarations."""

import itertools
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from lyceum_allocation import Allocation, AllocationRepository, CapacityRepository, TrainerCapacity
from lyceum_allocation.leftovers import leftovers
from lyceum_allocation.prospects import Prospects
from lyceum_allocation.states import MoveReason
from lyceum_allocation.testing import Town
from lyceum_database import close, connect, embedded
from lyceum_database.indexes import declared_indexes

_databases = itertools.count()
Question = tuple[str, tuple[tuple[str, str], ...], tuple[str, ...]]
"""Collection, (field, kind of condition) of each condition, fields of the order."""

WHOLE = {
    ("trainer_capacity", (("active", "equal"),), ()),
    ("trainer_capacity", (("load", "range"),), ("_id",)),
}
"""Questions about all trainers, on purpose: the figures of fairness, and the reconciler of an operator."""


class AskedCollection(embedded._SerialisedCollection):
    """Writes down what it is asked, but not what it asks itself in order to aggregate or count."""

    asks_itself = False

    def _get_dataset(self, spec: Any, sort: Any, *args: Any, **options: Any) -> Iterator[Any]:
        if not self.asks_itself:
            ask(self.name, spec, sort)
        return super()._get_dataset(spec, sort, *args, **options)


def _asking(name: str) -> Any:
    plain = getattr(embedded._SerialisedCollection, name)

    def asked(self: AskedCollection, spec: Any, *args: Any, **options: Any) -> Any:
        ask(self.name, spec[0]["$match"] if name == "aggregate" else spec, None)
        AskedCollection.asks_itself = True
        try:
            return plain(self, spec, *args, **options)
        finally:
            AskedCollection.asks_itself = False

    return asked


for _name in ("aggregate", "count_documents", "update_many", "update_one"):
    setattr(AskedCollection, _name, _asking(_name))


class AskedDatabase(embedded._SerialisedDatabase):
    def get_collection(self, *args: Any, **options: Any) -> Any:
        return AskedCollection.of(super().get_collection(*args, **options), self._turn)


class AskedClient(embedded.EmbeddedMongoClient):
    def get_database(self, *args: Any, **options: Any) -> Any:
        return AskedDatabase.of(super().get_database(*args, **options), self._turn)


ASKED: set[Question] = set()


def ask(collection: str, spec: Mapping[str, Any], sort: Any) -> None:
    for branch in branches(spec):
        ASKED.add((collection, tuple(sorted(branch.items())), tuple(name for name, _ in sort or ())))


def branches(spec: Mapping[str, Any]) -> list[dict[str, str]]:
    """A question with alternatives is as many questions, each with an index of its own."""
    found: list[dict[str, str]] = [{}]
    for name, condition in spec.items():
        if name == "$or":
            options = [part for alternative in condition for part in branches(alternative)]
        elif name == "$and":
            options = [{}]
            for part in condition:
                options = [{**one, **other} for one in options for other in branches(part)]
        else:
            options = [{name: kind(condition)}]
        found = [{**one, **other} for one in found for other in options]
    return found


def kind(condition: Any) -> str:
    if not isinstance(condition, dict):
        return "equal"
    return "equal" if set(condition) <= {"$in", "$eq"} else "other" if "$ne" in condition else "range"


def is_answered_by(question: Question, keys: list[str]) -> bool:
    """Equal conditions first, then the order, then ranges; at least one condition or the order is used."""
    _, conditions, order = question
    equal = {name for name, what in conditions if what == "equal"}
    ranges = {name for name, what in conditions if what == "range"}
    head = list(itertools.takewhile(lambda key: key in equal, keys))
    rest = keys[len(head) :]
    # An order by fields that are equal is no order.
    ordered = [name for name in order if name not in equal]
    if ordered:
        return rest[: len(ordered)] == ordered and (bool(head) or bool(ranges & set(ordered)))
    return bool(head) or (bool(rest) and rest[0] in ranges)


def indexes(collection: str) -> list[list[str]]:
    model = {"allocations": Allocation, "trainer_capacity": TrainerCapacity}[collection]
    return [["_id"], *([name for name, _ in keys] for keys, _ in declared_indexes(model))]


@pytest.fixture
def town() -> Iterator[Town]:
    connect(embedded.embedded_settings(f"asked-{next(_databases)}"), client_class=AskedClient)
    ASKED.clear()
    yield Town()
    close()


def live(town: Town) -> None:
    """Everything that the service does, with a queue of more than one page."""
    town.hire("t1", capacity=3)
    town.hire("full", capacity=0)
    for number in range(25):
        town.buys(f"s{number}", wants=[1, 2], second_language="hi")
        town.buys(f"s{number}")
    town.returns("s1")
    town.after(timedelta(hours=25))
    for _ in range(2):
        town.service.leave("t1", until=town.now + timedelta(days=1), actor="ada")
    list(Prospects(town.allocations, clock=town.clock).of("t1", for_good=True))
    town.service.come_back("t1", actor="ada")
    town.service.move(town.stored("s2").id, reason=MoveReason.ADMIN, actor="ada")
    town.service.reconcile_due()
    town.service.reconcile()
    town.service.explain(town.stored("s9").id)
    town.service.explain(town.stored("s20").id)
    town.service.fairness()
    list(leftovers(AllocationRepository(), CapacityRepository()))


def test_every_question_is_answered_by_an_index(town: Town) -> None:
    live(town)

    assert len(ASKED) > 20
    unanswered = [
        question
        for question in sorted(ASKED - WHOLE)
        if not any(is_answered_by(question, keys) for keys in indexes(question[0]))
    ]
    assert unanswered == []
    assert ASKED >= WHOLE, "an exception that nothing needs"


@pytest.mark.parametrize(
    "question",
    [
        ("allocations", (("student_id", "equal"),), ()),
        ("allocations", (("state", "equal"),), ("updated_at",)),
        ("allocations", (("waiting_since", "range"),), ()),
        ("trainer_capacity", (("free", "range"),), ("util_milli",)),
        ("trainer_capacity", (("org_id", "equal"), ("skills", "equal")), ("last_assigned_at",)),
    ],
)
def test_what_no_index_answers_is_found(question: Question) -> None:
    assert not any(is_answered_by(question, keys) for keys in indexes(question[0]))
