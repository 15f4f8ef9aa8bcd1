"""The judge on doctored evidence: each kind of harm turns its own charge red, and an honest run none."""

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from .controls import EXPECTED, missed
from .evidence import Evidence, Letter, Logged, Stay
from .judge import CHARGES, findings
from .orders import Broken
from .runlog import Note

TOPIC = "t/0"
DEAD, POISON = "c.doomed", "d.poison"


def note(at: float, what: str, *, process: str = "ledger-1", **facts: Any) -> Note:
    return Note(process, at, what, facts)


def logged(offset: int, event: str, key: str = "k") -> Logged:
    return Logged(TOPIC, offset, event, key.encode(), event.encode(), (("ce_id", event.encode()),))


def letter(record: Logged, *, identity: str = "", reason: str = "exhausted", attempts: int = 5) -> Letter:
    return Letter(
        letter_id=identity or f"letter-{record.offset}",
        partition=record.partition,
        offset=record.offset,
        event_id=record.id,
        reason=reason,
        attempts=attempts,
        key=record.key,
        value=record.value,
        headers=record.headers,
    )


def at_s(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime(2026, 1, 31, tzinfo=UTC) + timedelta(seconds=seconds)


def stay(
    who: str, *, joined: float, told: float | None = None, seated: float | None = None, left: float | None = None
) -> Stay:
    began = at_s(joined)
    assert began is not None
    return Stay(who, began, at_s(told), at_s(seated), at_s(seated if left is None else left))


def queueing(*stays: Stay) -> Evidence:
    return dataclasses.replace(HONEST, stays=stays)


LOG = (logged(0, "a.ok"), logged(1, "b.fails2"), logged(2, "a.ok"), logged(3, DEAD, "other"), logged(4, POISON))


def ran(event: str, begin: float, failures: int) -> list[Note]:
    """One event's attempts: all but the last one fail."""
    notes = []
    for number in range(failures + 1):
        at = begin + number
        notes += [
            note(at + 0.1, "claimed", id=event, fence=number + 1, attempts=number, asked=at),
            note(at + 0.2, "ran", id=event, attempt=number + 1, fence=number + 1),
        ]
        if number < failures:
            notes.append(note(at + 0.25, "failed", id=event, fence=number + 1, error="PlannedError"))
            notes.append(note(at + 0.3, "counted", id=event, fence=number + 1, attempts=number + 1))
    return notes


HONEST = Evidence(
    acknowledged={"a.ok": 2, "b.fails2": 1, DEAD: 1, POISON: 1},
    log=LOG,
    letters=(letter(LOG[3]), letter(LOG[4], reason="undecodable", attempts=0)),
    notes=(
        note(0.0, "assigned", partitions=[TOPIC]),
        note(0.1, "fetched", partition=TOPIC, first=0, last=4),
        *ran("a.ok", 1, 0),
        note(1.5, "finished", id="a.ok", fence=1, attempts=1),
        note(1.6, "commit", offsets={TOPIC: 1}),
        *ran("b.fails2", 2, 2),
        note(4.5, "finished", id="b.fails2", fence=3, attempts=3),
        note(4.6, "settled", id="a.ok"),
        *ran(DEAD, 5, 4),
        note(9.3, "failed", id=DEAD, fence=5, error="PlannedError"),
        note(9.4, "counted", id=DEAD, fence=5, attempts=5),
        note(9.6, "dead", id=DEAD, fence=5, attempts=6),
        note(9.9, "commit", offsets={TOPIC: 5}),
        note(10.0, "revoked", partitions=[TOPIC]),
    ),
    applied=(("k", "a.ok"), ("k", "b.fails2")),
    ordered=True,
    told={("allocation-1", 1): ["ada"]},
    committed={TOPIC: 5},
    ends={TOPIC: 5},
    stays=(
        stay("first", joined=0, told=1, seated=9),
        stay("gone", joined=2, told=3, left=20),
        stay("last", joined=30, told=31),
    ),
)


def doctored(**changes: Any) -> Evidence:
    return dataclasses.replace(HONEST, **changes)


def noting(*more: Note) -> Evidence:
    return doctored(notes=(*HONEST.notes, *more))


def without(what: str, event: str) -> tuple[Note, ...]:
    return tuple(one for one in HONEST.notes if not (one.what == what and one.facts.get("id") == event))


def promising(line: str) -> Evidence:
    return doctored(broken_promises=(line,))


def charged(given: Evidence) -> list[str]:
    return [charge for charge, lines in findings(given).items() if lines]


HARM: Sequence[tuple[str, list[str], Evidence]] = [
    ("an event that nobody did", ["lost"], doctored(applied=(("k", "b.fails2"),))),
    ("an effect missing though it is marked done", ["lost"], doctored(applied=(("k", "a.ok"),))),
    ("a dead letter that was never written", ["lost"], doctored(letters=HONEST.letters[1:])),
    ("poison that nobody buried", ["lost"], doctored(letters=HONEST.letters[:1])),
    ("an effect that happened twice", ["double effects"], doctored(applied=(*HONEST.applied, ("k", "b.fails2")))),
    ("a second trainer told of", ["double effects"], doctored(told={("allocation-1", 1): ["ada", "bob"]})),
    (
        "a claim granted after the mark",
        ["runs granted after done"],
        noting(note(6.1, "claimed", id="a.ok", fence=2, attempts=0, asked=6.0, process="ledger-2")),
    ),
    ("a later event done first", ["order violations"], noting(note(1.2, "settled", id="b.fails2"))),
    ("a later effect done first", ["order violations"], doctored(applied=HONEST.applied[::-1])),
    (
        "a commit past what runs",
        ["commits past unfinished work"],
        noting(note(3.0, "commit", offsets={TOPIC: 2})),
    ),
    (
        "a commit past what nobody finished",
        ["commits past unfinished work"],
        doctored(notes=without("finished", "b.fails2")),
    ),
    (
        "a commit beyond the log",
        ["commits past unfinished work", "partitions not at their end"],
        doctored(committed={TOPIC: 6}),
    ),
    (
        "a commit after the hand-over",
        ["commits of others' partitions"],
        noting(note(11.0, "commit", offsets={TOPIC: 5})),
    ),
    (
        "a commit of what was never assigned",
        ["commits of others' partitions"],
        noting(note(9.95, "commit", offsets={TOPIC: 5}, process="ledger-2")),
    ),
    (
        "a sixth run",
        ["attempts beyond 5"],
        noting(note(9.5, "ran", id=DEAD, attempt=6, fence=6)),
    ),
    (
        "a sixth failure",
        ["attempts beyond 5"],
        noting(note(9.5, "counted", id=DEAD, fence=6, attempts=5)),
    ),
    (
        "a letter with six attempts",
        ["attempts beyond 5"],
        doctored(letters=(letter(LOG[3], attempts=6), HONEST.letters[1])),
    ),
    (
        "a claim that knows of no failure",
        ["attempts forgotten"],
        noting(note(3.5, "claimed", id="b.fails2", fence=9, attempts=0, asked=3.4)),
    ),
    (
        "an attempt counted for a run that was cut off",
        ["attempts without a failure"],
        noting(note(1.45, "claimed", id="a.ok", fence=2, attempts=1, asked=1.4)),
    ),
    (
        "an attempt counted for an outage",
        ["attempts without a failure"],
        noting(
            note(1.3, "failed", id="a.ok", fence=1, error="AutoReconnect"),
            note(1.35, "counted", id="a.ok", fence=1, attempts=1),
        ),
    ),
    (
        "an attempt counted before the run failed",
        ["attempts without a failure"],
        noting(note(2.22, "counted", id="b.fails2", fence=1, attempts=1)),
    ),
    (
        "a letter with other bytes",
        ["dead letters altered"],
        doctored(letters=(dataclasses.replace(HONEST.letters[0], value=b"else"), HONEST.letters[1])),
    ),
    (
        "a letter without its headers",
        ["dead letters altered"],
        doctored(letters=(dataclasses.replace(HONEST.letters[0], headers=()), HONEST.letters[1])),
    ),
    (
        "a letter from nowhere",
        ["dead letters altered"],
        doctored(letters=(dataclasses.replace(HONEST.letters[0], offset=77), HONEST.letters[1])),
    ),
    ("a second letter", ["second dead letters"], doctored(letters=(*HONEST.letters, letter(LOG[3], identity="x")))),
    ("an innocent's letter", ["wrongly dead or alive"], doctored(letters=(*HONEST.letters, letter(LOG[1])))),
    ("a dead event's effect", ["wrongly dead or alive"], doctored(applied=(*HONEST.applied, ("other", DEAD)))),
    ("a trainer over capacity", ["over capacity"], promising("trainer t: over capacity, 3 of 2")),
    ("a leaked seat", ["seats leaked"], promising("trainer t: seat a:1 is nobody's")),
    ("a waiter", ["paid waiters beside a free seat"], promising("allocation a: waits although trainer t is free")),
    (
        "one who waits to this day while a later one sits",
        ["students overtaken"],
        queueing(stay("first", joined=0, told=1), stay("later", joined=2, seated=3)),
    ),
    (
        "one who waited long while a later one sat",
        ["students overtaken"],
        queueing(stay("first", joined=0, told=1, seated=25), stay("later", joined=2, seated=3)),
    ),
    (
        "one who gave up while a later one sat",
        ["students overtaken"],
        queueing(stay("first", joined=0, told=1, left=25), stay("later", joined=2, seated=3, left=3)),
    ),
    ("any other broken promise", ["other broken promises"], promising("trainer t: load 3, seats weigh 2")),
    ("work that was left", ["partitions not at their end"], doctored(committed={TOPIC: 4})),
    ("a claim that nobody gave back", ["claims held at rest"], doctored(unsettled=("g:a.ok is in_progress",))),
    ("no end of work", ["not at rest in time"], doctored(restless="1 of 4 events unfinished")),
    ("a crash of its own", ["workers that ended badly"], doctored(unclean=("ledger-1 ended with 1",))),
]


def test_an_honest_run_is_charged_with_nothing() -> None:
    assert findings(HONEST) == {charge: [] for charge in CHARGES}


@pytest.mark.parametrize(("charges", "evidence"), [case[1:] for case in HARM], ids=[case[0] for case in HARM])
def test_each_harm_turns_its_own_charge_red(charges: list[str], evidence: Evidence) -> None:
    assert charged(evidence) == charges


def test_every_charge_was_seen_red() -> None:
    assert {charge for _, charges, _ in HARM for charge in charges} == set(CHARGES)


def test_a_letter_that_lies_there_twice_is_one_letter() -> None:
    assert charged(doctored(letters=(*HONEST.letters, HONEST.letters[0]))) == []


def test_a_mark_whose_answer_was_lost_counts_once_a_peer_saw_it() -> None:
    seen = tuple(
        dataclasses.replace(one, what="settled") if one.what == "finished" and one.id == "b.fails2" else one
        for one in HONEST.notes
    )

    assert charged(doctored(notes=seen)) == []


@pytest.mark.parametrize(("kills", "charges"), [(5, []), (4, ["wrongly dead or alive"])])
def test_an_innocent_may_die_only_after_five_runs_that_were_cut_off(kills: int, charges: list[str]) -> None:
    cut_off = [
        note(5.0 + n, "claimed", process=f"ledger-{n}", id="b.fails2", fence=4 + n, attempts=0, asked=2.0)
        for n in range(kills + 1)
    ]
    given = (*HONEST.letters, letter(LOG[1], reason="crash_loop", attempts=0))

    assert charged(doctored(notes=(*HONEST.notes, *cut_off), letters=given)) == charges


@pytest.mark.parametrize(("given_back_at", "charges"), [(7.1, []), (6.9, ["wrongly dead or alive"])])
def test_what_a_suspended_owner_gives_back_after_the_next_claim_was_cut_off(
    given_back_at: float, charges: list[str]
) -> None:
    cut_off = [
        note(5.0 + n, "claimed", process=f"ledger-{n}", id="b.fails2", fence=4 + n, attempts=0, asked=2.0)
        for n in range(6)
    ]
    back = note(given_back_at, "released", process="ledger-0", id="b.fails2", fence=4, attempts=1)
    letters = (*HONEST.letters, letter(LOG[1], reason="crash_loop", attempts=0))

    assert charged(doctored(notes=(*HONEST.notes, *cut_off, back), letters=letters)) == charges


def test_what_a_suspended_owner_does_after_the_letter_is_in_nobodys_order() -> None:
    cut_off = [
        note(2.0, "claimed", process=f"ledger-{n}", id="a.ok", fence=2 + n, attempts=0, asked=1.0) for n in range(6)
    ]
    notes, letters = (*HONEST.notes, *cut_off), (*HONEST.letters, letter(LOG[0], reason="crash_loop", attempts=0))
    late = HONEST.applied[::-1]

    assert charged(doctored(notes=notes, letters=letters, applied=late)) == []
    assert charged(doctored(notes=notes, applied=late)) == ["order violations"]


@pytest.mark.parametrize(
    "stays",
    [
        (stay("first", joined=0, told=1, seated=12), stay("later", joined=2, seated=3)),
        (stay("first", joined=0, told=2), stay("beside", joined=2, seated=3)),
        (stay("first", joined=0), stay("later", joined=2, seated=3)),
        (stay("first", joined=0, told=1, left=2), stay("later", joined=3, seated=30)),
    ],
    ids=["held up by a process that died", "not known who was first", "never in the queue", "gone before"],
)
def test_what_may_happen_to_those_who_wait(stays: tuple[Stay, ...]) -> None:
    assert charged(queueing(*stays)) == []


def test_poison_needs_no_mark_before_it_is_committed() -> None:
    assert charged(noting(note(9.95, "commit", offsets={TOPIC: 5}))) == []


def test_every_defect_that_can_be_built_in_must_be_found_by_a_charge_there_is() -> None:
    assert set(EXPECTED) == set(Broken)
    assert all(charges and charges <= set(CHARGES) for charges in EXPECTED.values())


def test_a_control_that_was_not_found_out_is_said() -> None:
    assert missed(Broken.NO_ORDER, ["lost"]) == ["order violations"]
    assert missed(Broken.NO_ORDER, ["order violations", "no rest"]) == []
