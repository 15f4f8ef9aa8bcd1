"""The promises, each checked on its own, so that a broken one is named."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from lyceum_devstack.check import records, rights, roster
from lyceum_devstack.check.case import Case


class Finding(NamedTuple):
    """One promise and everything found against it; nothing found means kept."""

    promise: str
    against: tuple[str, ...]


def judge(case: Case) -> list[Finding]:
    """Check every promise. All of them are always checked: one broken promise often explains another."""
    return [Finding(promise, tuple(against(case))) for promise, against in _PROMISES.items()]


def _redefined(case: Case) -> Iterator[str]:
    for counter, change in case.seen.redefined.items():
        if change:
            yield f"the guard's counter `{counter}` moved by {change}"


_PROMISES: Mapping[str, Callable[[Case], Iterator[str]]] = {
    "Every record ended done or among the dead letters, once": records.lost_or_doubled,
    "Dead letters keep key and value byte for byte": records.altered_letters,
    "A failing event was tried again, and at most five times": records.miscounted_failures,
    "No trainer is over capacity, and every count is right": roster.wrong_books,
    "One trainer at most for each student and course": roster.shared_or_stray_seats,
    "Whoever paid has a suitable trainer or a place in the queue": rights.forgotten,
    "Whoever was refunded holds neither seat nor place": rights.undead,
    "Nobody waits beside a free seat that fits": rights.needless_waiting,
    "Each skill seats as many students as it can and must": rights.wrong_shares,
    "Every outcome was announced on the topic `allocations`": rights.unannounced,
    "No model was defined again while the worker ran": _redefined,
}
