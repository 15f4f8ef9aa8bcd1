"""How evenly trainers are used and how long students wait: reckoned by a timer, told to Prometheus."""

from collections.abc import Callable, Iterable

from prometheus_client.core import GaugeMetricFamily, Metric

from lyceum_allocation import Fairness, SkillFairness

MOST_SKILLS = 200
"""Skills that get figures of their own: each is a set of label values, which a monitoring system keeps for ever."""

_OF_SKILL: tuple[tuple[str, str, Callable[[SkillFairness], float | None]], ...] = (
    ("trainers", "Active trainers of the skill.", lambda of: of.trainers),
    ("jain_index", "Jain's index of their utilisation, 1 for even.", lambda of: of.jain),
    ("utilisation_min_ratio", "Utilisation of the least used of them.", lambda of: of.util_min),
    ("utilisation_max_ratio", "Utilisation of the most used of them.", lambda of: of.util_max),
    ("seats", "Their seats, which may count for other skills too.", lambda of: of.seats),
    ("seats_taken", "Those of their seats that are taken.", lambda of: of.seats_taken),
    ("new_seats_per_trainer", "Seats taken in the last seven days, by trainer.", lambda of: of.new_per_trainer),
    ("students_waiting", "Students in the queue.", lambda of: of.waiting),
    ("oldest_wait_seconds", "The longest wait there is now.", lambda of: of.oldest_wait_s),
    ("wait_p50_seconds", "Median wait of the last seven days' allocations.", lambda of: of.wait_p50_s),
    ("wait_p95_seconds", "95th percentile of these waits.", lambda of: of.wait_p95_s),
    ("strict_ratio", "Share of them who got all that they asked for.", lambda of: of.strict_share),
)


class FairnessFigures:
    """The latest figures; none until `refresh()` has run once.

    Args:
        reckon: reads them, for a timer: it looks at every trainer.
    """

    def __init__(self, reckon: Callable[[], Fairness]) -> None:
        self._reckon = reckon
        self._latest: Fairness | None = None

    def refresh(self) -> None:
        """Reckon them anew."""
        self._latest = self._reckon()

    def describe(self) -> Iterable[Metric]:
        """The families, so that a registry refuses a second set."""
        return self._families(None)

    def collect(self) -> Iterable[Metric]:
        """The families, with the latest values; skills with most trainers and students first, others left out."""
        return self._families(self._latest)

    def _families(self, latest: Fairness | None) -> list[Metric]:
        of_skill = [(_gauge(name, help_, "org", "skill"), value) for name, help_, value in _OF_SKILL]
        at = _gauge("fairness_timestamp_seconds", "When these figures were reckoned.")
        moves = _gauge("moves_per_100_allocations", "Moves to another trainer, last seven days.")
        manual = _gauge("manual_moves_per_100_allocations", "Those that a person asked for.")
        left_out = _gauge("skills_left_out", "Skills without figures of their own.")
        if latest is not None:
            told = sorted(latest.skills, key=lambda of: (of.trainers + of.waiting, of.org_id, of.skill), reverse=True)
            for family, value in of_skill:
                for of in told[:MOST_SKILLS]:
                    if (figure := value(of)) is not None:
                        family.add_metric([of.org_id, of.skill], figure)
            at.add_metric([], latest.at.timestamp())
            moves.add_metric([], latest.moves_per_100)
            manual.add_metric([], latest.manual_per_100)
            left_out.add_metric([], max(0, len(told) - MOST_SKILLS))
        return [*(family for family, _ in of_skill), at, moves, manual, left_out]


def _gauge(name: str, help_: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"allocation_{name}", help_, labels=labels)
