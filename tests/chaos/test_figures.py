"""Figures that no charge is made of."""

from .evidence import Evidence
from .figures import left_by_stops, redeliveries
from .runlog import Note


def claimed(process: str, event: str, fence: int) -> Note:
    return Note(process, 1.0, "claimed", {"id": event, "fence": fence, "attempts": 0, "asked": 1.0})


def test_a_stop_leaves_those_claims_that_nobody_ended() -> None:
    notes = [
        claimed("ledger-1", "a.ok", 1),
        claimed("ledger-1", "b.ok", 1),
        claimed("ledger-1", "c.ok", 1),
        claimed("ledger-2", "d.ok", 1),
        claimed("ledger-2", "a.ok", 2),
        Note("ledger-1", 2.0, "released", {"id": "b.ok", "fence": 1}),
        Note("ledger-1", 2.0, "fenced", {"id": "c.ok", "fence": 1}),
    ]

    assert left_by_stops(Evidence(notes=notes, stopped=frozenset({"ledger-1"}))) == 1


def test_a_record_is_delivered_again_when_anybody_is_given_it_once_more() -> None:
    notes = [
        Note("ledger-1", 1.0, "fetched", {"partition": "t/0", "first": 0, "last": 4}),
        Note("ledger-2", 2.0, "fetched", {"partition": "t/0", "first": 3, "last": 5}),
        Note("ledger-2", 2.0, "fetched", {"partition": "t/1", "first": 0, "last": 4}),
    ]

    assert redeliveries(notes) == 2
