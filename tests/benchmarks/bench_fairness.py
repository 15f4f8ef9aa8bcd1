"""How evenly strategies use trainers, and how long students wait: a simulated year, with the real rules for two of them.

60 trainers of mixed skills and capacities, students at random, seats kept for 40 days on average. The same seeds give
the same figures on every machine. At the lowest load the strategies must be in the expected order: least utilised more
even than least count, that than round robin, that than random.
"""

from __future__ import annotations

import heapq
import random
import statistics
import sys
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from lyceum_allocation.fairness import jain
from lyceum_allocation.rules import Candidate, Wish, ranked

from .judging import Row, at_least
from .options import parsed
from .report import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SUBJECTS, SUBJECT_WEIGHTS = ("math", "phys", "chem", "bio"), (5, 3, 2, 1)
LANGUAGES, LANGUAGE_WEIGHTS = ("en", "hi", "ta"), (5, 3, 1)
TRAINERS = 60
DAYS_KEPT = 40
LOADS = {8: "47 %", 11: "65 %", 13: "77 %", 15: "90 %"}
"""Students a day, and how much of all capacity that comes to."""
ARRIVALS, FULL_SEEDS = 12_000, 6
WARM_UP, SAMPLE_EVERY = 2_000, 50
START = datetime(2026, 1, 1, tzinfo=UTC)
NEVER = START - timedelta(days=1)

Choose: TypeAlias = "Callable[[Sequence[Candidate], Wish, datetime, random.Random], Candidate]"


def recently(candidate: Candidate) -> tuple[datetime, str]:
    return candidate.last_assigned_at or NEVER, candidate.trainer_id


def by_the_rules(*, scarcity: bool) -> Choose:
    def choose(free: Sequence[Candidate], wish: Wish, now: datetime, draw: random.Random) -> Candidate:
        return ranked(free, wish, now=now, random=draw, scarcity=scarcity)[0]

    return choose


STRATEGIES: dict[str, Choose] = {
    "random": lambda free, _wish, _now, draw: draw.choice(free),
    "round robin": lambda free, _wish, _now, _draw: min(free, key=recently),
    "least count": lambda free, _wish, _now, _draw: min(free, key=lambda one: (one.load, recently(one))),
    "least utilised": by_the_rules(scarcity=False),
    "+ scarcity": by_the_rules(scarcity=True),
}
EXPECTED_ORDER = ("least utilised", "least count", "round robin", "random")


@dataclass
class School:
    """Trainers, who waits, and whose seat comes free when."""

    choose: Choose
    draw: random.Random
    trainers: dict[str, Candidate] = field(default_factory=dict)
    ends: list[tuple[float, float, str]] = field(default_factory=list)
    queue: list[tuple[float, str]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    waitlisted: int = 0

    def hire(self) -> None:
        for number in range(TRAINERS):
            subjects = self.draw.sample(SUBJECTS, self.draw.choice([1, 1, 2, 3]))
            languages = self.draw.sample(LANGUAGES, self.draw.choice([1, 2, 2, 3]))
            capacity = self.draw.choice([5, 10, 10, 20])
            skills = frozenset(f"{subject}|{language}" for subject in subjects for language in languages)
            name = f"t{number:02}"
            self.trainers[name] = Candidate(
                trainer_id=name, version=0, skills=skills, free=capacity, capacity=capacity, load=0
            )

    def take(self, trainer: Candidate, day: float, since: float) -> None:
        self.trainers[trainer.trainer_id] = trainer.with_seat(1, moment(day))
        end = day + self.draw.expovariate(1 / DAYS_KEPT)
        heapq.heappush(self.ends, (end, self.draw.random(), trainer.trainer_id))
        self.waits.append(day - since)

    def free_seats_until(self, day: float) -> None:
        while self.ends and self.ends[0][0] <= day:
            end, _, name = heapq.heappop(self.ends)
            trainer = replace(self.trainers[name], load=self.trainers[name].load - 1, free=self.trainers[name].free + 1)
            self.trainers[name] = trainer
            head = next((place for place, (_, skill) in enumerate(self.queue) if skill in trainer.skills), None)
            if head is not None:
                self.take(trainer, end, self.queue.pop(head)[0])

    def arrive(self, day: float) -> None:
        subject = self.draw.choices(SUBJECTS, SUBJECT_WEIGHTS)[0]
        skill = f"{subject}|{self.draw.choices(LANGUAGES, LANGUAGE_WEIGHTS)[0]}"
        free = [trainer for trainer in self.trainers.values() if trainer.free > 0 and skill in trainer.skills]
        if free:
            self.take(self.choose(free, Wish(skill=skill), moment(day), self.draw), day, day)
        else:
            self.waitlisted += 1
            self.queue.append((day, skill))


def moment(day: float) -> datetime:
    return START + timedelta(days=day)


def simulate(choose: Choose, *, seed: int, per_day: int, arrivals: int) -> tuple[float, float, float]:
    """Give the mean of Jain's index, the share of students who waited, and the 95th percentile of waits in days."""
    school, day, indices = School(choose, random.Random(seed)), 0.0, []
    school.hire()
    for number in range(arrivals):
        day += school.draw.expovariate(per_day)
        school.free_seats_until(day)
        school.arrive(day)
        if number > WARM_UP and number % SAMPLE_EVERY == 0:
            indices.append(jain([trainer.load / trainer.capacity for trainer in school.trainers.values()]))
    waits = sorted(school.waits)
    return statistics.mean(indices), school.waitlisted / arrivals, waits[int(0.95 * len(waits))]


def measure(per_day: int, *, seeds: int) -> dict[str, tuple[float, float, float]]:
    """Run every strategy at one load; means over the seeds."""
    return {
        name: _means([simulate(choose, seed=seed, per_day=per_day, arrivals=ARRIVALS) for seed in range(seeds)])
        for name, choose in STRATEGIES.items()
    }


def _means(runs: Sequence[tuple[float, float, float]]) -> tuple[float, float, float]:
    index, waitlisted, wait = (statistics.mean(column) for column in zip(*runs, strict=True))
    return index, waitlisted, wait


def order_rows(found: dict[str, tuple[float, float, float]]) -> list[Row]:
    """Each strategy must be more even than the next of the expected order."""
    return [
        at_least(
            f"{better} / {worse}", f"{found[better][0] / found[worse][0]:.3f}x", found[better][0] / found[worse][0], 1
        )
        for better, worse in pairwise(EXPECTED_ORDER)
    ]


def main(arguments: Sequence[str]) -> int:
    options = parsed(arguments, "fairness", __doc__ or "")
    report, seeds = Report("fairness", options), FULL_SEEDS if options.full else 1
    for per_day, load in LOADS.items():
        found = measure(per_day, seeds=seeds)
        rows = [
            Row(name, f"Jain {index:.3f}, {waitlisted:.1%} waitlisted, p95 wait {wait:.1f} d")
            for name, (index, waitlisted, wait) in found.items()
        ]
        if per_day == min(LOADS):
            rows += order_rows(found)
        report.add(f"{per_day} students a day, a load of about {load}", rows)
        report.figures[str(per_day)] = {name: figures[0] for name, figures in found.items()}
    return report.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
