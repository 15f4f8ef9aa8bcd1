"""Whatever happens and however long it takes: nobody who stands in two queues is overtaken, or left beside a free seat."""

import itertools
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lyceum_allocation import Allocation, TrainerCapacity
from lyceum_allocation.allocations import queues_of
from lyceum_allocation.audit import violations
from lyceum_allocation.candidates import wish_of
from lyceum_allocation.capacities import candidate_of
from lyceum_allocation.rules import refusal
from lyceum_allocation.states import WAITING_STATES
from lyceum_allocation.testing import Town, refund
from lyceum_database import close
from lyceum_database.embedded import connect_embedded

_databases = itertools.count()
LANGUAGES = ("en", "hi", "ta")
Step = tuple[str, int, int, int]

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["buys", "buys", "hires", "returns", "waits"]),
        st.integers(0, 2),
        st.integers(0, 2),
        st.integers(0, 7),
    ),
    min_size=5,
    max_size=25,
)


class School:
    """A town that remembers who stood where before each step."""

    def __init__(self) -> None:
        self.town = Town()
        self.students = 0
        self.trainers = 0

    def do(self, step: Step) -> None:
        what, first, second, number = step
        before = waiting()
        getattr(self, what)(LANGUAGES[first], LANGUAGES[second], number)
        self.nobody_was_overtaken(before)

    def buys(self, language: str, second_language: str, number: int) -> None:
        wants = [1, 2] if number % 3 == 0 else []
        self.town.buys(f"s{self.students}", language=language, second_language=second_language, wants=wants)
        self.students += 1

    def hires(self, language: str, second_language: str, number: int) -> None:
        avail = [100, 101] if number % 2 else []
        skills = sorted({f"math|{language}", f"math|{second_language}"})
        self.town.hire(f"t{self.trainers}", *skills, capacity=1 + number % 2, avail=avail)
        self.trainers += 1
        self.town.service.sweep()

    def returns(self, _language: str, _second_language: str, number: int) -> None:
        student = f"s{number}"
        self.town.service.refund(refund(f"p-{student}", student=student))

    def waits(self, _language: str, _second_language: str, number: int) -> None:
        self.town.after(timedelta(hours=2 * number + 1))
        assert violations(at_rest=True, clock=self.town.clock) == []

    def nobody_was_overtaken(self, before: dict[str, datetime]) -> None:
        trainers = {one.id: candidate_of(one.to_mongo().to_dict()) for one in TrainerCapacity.objects}
        now, still = self.town.now, waiting()
        for served in Allocation.objects(state="ASSIGNED", id__in=[one for one in before if one not in still]):
            trainer = trainers[served.trainer_id or ""]
            served.waiting_since = before[served.id]
            # Of two queues the one with the older head is served first: order is kept within each, not across them.
            stood = {queue.skill for queue in queues_of(served, now)} & trainer.skills
            for ahead in Allocation.objects(id__in=[one for one in still if before.get(one, now) < before[served.id]]):
                if stood.isdisjoint(queue.skill for queue in queues_of(ahead, now)):
                    continue
                could = replace(trainer, free=1, load=trainer.capacity - 1)
                assert refusal(could, wish_of(ahead, now), now) is not None, f"{served.id} overtook {ahead.id}"


def waiting() -> dict[str, datetime]:
    found = Allocation.objects(state__in=[state.value for state in WAITING_STATES])
    return {one.id: one.waiting_since for one in found if one.waiting_since is not None}


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_nobody_is_overtaken_in_either_queue_and_nobody_waits_beside_a_seat_that_he_accepts(steps: list[Step]) -> None:
    connect_embedded(f"two-queues-{next(_databases)}")
    try:
        school = School()
        for step in [*steps, ("waits", 0, 0, 7)]:
            school.do(step)
        assert violations(clock=school.town.clock) == []
    finally:
        close()
