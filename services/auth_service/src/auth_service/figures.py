"""Figures for Prometheus: how often what happened, and how busy the hashing of passwords is."""

from collections import Counter
from collections.abc import Iterator
from threading import Lock

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from auth_service.passwords.hashing import PasswordHasher
from auth_service.states import AuditAction


class Acts:
    """Counts security acts by kind, for as long as this process runs."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter({action.value: 0 for action in AuditAction})
        self._turn = Lock()

    def count(self, action: AuditAction) -> None:
        """Count one."""
        with self._turn:
            self._counts[action.value] += 1

    def so_far(self) -> dict[str, int]:
        """Return how often each kind happened."""
        with self._turn:
            return dict(self._counts)


class AuthFigures(Collector):
    """What an operator watches: refused sign-ins, reused refresh tokens, a queue of hashes that grows."""

    def __init__(self, acts: Acts, hasher: PasswordHasher) -> None:
        self._acts = acts
        self._hasher = hasher

    def collect(self) -> Iterator[Metric]:
        """Give every figure as it is now."""
        acts = CounterMetricFamily("auth_acts", "Security acts and refusals, by kind.", labels=["action"])
        for action, count in sorted(self._acts.so_far().items()):
            acts.add_metric([action], count)
        yield acts
        hasher, turns = self._hasher, self._hasher.turns
        yield CounterMetricFamily(
            "auth_password_hashes", "Passwords hashed or checked.", hasher.hashed + hasher.verified
        )
        yield CounterMetricFamily("auth_password_hashes_refused", "Hashes refused for want of a turn.", turns.refused)
        yield GaugeMetricFamily("auth_password_hashes_waiting", "Threads that wait for a turn to hash.", turns.waiting)
        yield GaugeMetricFamily("auth_password_hashes_running", "Hashes being computed.", turns.running)
