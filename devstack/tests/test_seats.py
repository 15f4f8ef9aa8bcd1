"""The bounds of each skill are exact: brute force over every maximal assignment of small schools agrees."""

from collections import Counter
from collections.abc import Iterator
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from lyceum_devstack.check import Share, Skill, Trainer, shares

SKILLS = [Skill("default", subject, "en") for subject in ("math", "physics", "music")]

trainers = st.lists(
    st.tuples(st.frozensets(st.sampled_from(SKILLS), min_size=1), st.integers(0, 2)), min_size=1, max_size=3
).map(lambda rows: [Trainer(f"t{number}", skills, capacity) for number, (skills, capacity) in enumerate(rows)])
wants = st.lists(st.sampled_from(SKILLS), min_size=1, max_size=5)


def maximal_assignments(roster: list[Trainer], students: list[Skill]) -> Iterator[Counter[Skill]]:
    """Seat the students in every order, each with every free trainer who fits."""

    @cache
    def outcomes(waiting: tuple[int, ...], free: tuple[int, ...]) -> frozenset[tuple[int, ...]]:
        found: set[tuple[int, ...]] = set()
        for skill, left in enumerate(waiting):
            for seat, trainer in enumerate(roster):
                if left and free[seat] and SKILLS[skill] in trainer.skills:
                    found |= outcomes(_less(waiting, skill), _less(free, seat))
        return frozenset(found) or frozenset({waiting})

    demand = tuple(students.count(skill) for skill in SKILLS)
    for waiting in outcomes(demand, tuple(trainer.capacity for trainer in roster)):
        yield Counter({skill: demand[at] - waiting[at] for at, skill in enumerate(SKILLS)})


def _less(values: tuple[int, ...], at: int) -> tuple[int, ...]:
    return (*values[:at], values[at] - 1, *values[at + 1 :])


@settings(deadline=None)
@given(trainers, wants)
def test_bounds_are_those_of_every_possible_order(roster: list[Trainer], students: list[Skill]) -> None:
    seated = list(maximal_assignments(roster, students))
    for skill, share in shares(roster, students).items():
        counts = [outcome[skill] for outcome in seated]
        assert share == Share(students.count(skill), min(counts), max(counts))


def test_a_skill_that_nobody_teaches_seats_nobody() -> None:
    assert shares([Trainer("t", frozenset({SKILLS[0]}), 5)], [SKILLS[1]]) == {SKILLS[1]: Share(1, 0, 0)}


def test_rivals_make_room_for_each_other() -> None:
    """The first rival fits both trainers and must leave the one to the second, who fits only that one."""
    math, physics, music = SKILLS
    roster = [Trainer("t0", frozenset({math, physics, music}), 1), Trainer("t1", frozenset({math, music}), 1)]
    assert shares(roster, [math, physics, music])[music] == Share(1, 0, 1)
