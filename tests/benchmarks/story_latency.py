"""From a payment's webhook to the trainer on the student's screen, under purchases that come at a steady rate."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from tests.wire.story.caller import Caller

from .judging import Row, at_most, percentile
from .story_site import WITHIN_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .story_site import Place

WATCHERS = 24
"""Students who look at their screens at one time."""
LOOK_EVERY_S = 0.02
MS = 1_000
BAR_P99_MS = 5_000.0
STAGES = (
    ("webhook sent to all written that follows from it", "sent", "paid"),
    ("... to trainer found", "paid", "assigned"),
    ("... to the student's screen", "assigned", "seen"),
)


def latencies(place: Place, numbers: range, *, per_second: float) -> list[dict[str, float]]:
    """Pay for one order after the other, on time whatever became of those before; returns moments of each."""
    with place.caller("course_service") as shop:
        orders = [place.ordered(shop, number) for number in numbers]
    free: SimpleQueue[Caller] = SimpleQueue()
    callers = [Caller(place.fleet.addresses("course_service")) for _ in range(WATCHERS)]
    for caller in callers:
        free.put(caller)
    starts_at = time.monotonic() + 0.5

    def watch(turn: int) -> dict[str, float]:
        caller = free.get()
        try:
            time.sleep(max(0.0, starts_at + turn / per_second - time.monotonic()))
            return _watched(place, caller, numbers[turn], orders[turn])
        finally:
            free.put(caller)

    with ThreadPoolExecutor(WATCHERS) as threads:
        seen = list(threads.map(watch, range(len(orders))))
    for caller in callers:
        caller.close()
    return _with_stages(place, orders, seen)


def _watched(place: Place, caller: Caller, number: int, order: dict[str, Any]) -> dict[str, float]:
    """Pay, and look at the screen until the trainer stands there."""
    token, course_id = place.pair(number)
    sent_at = time.time()
    place.paid(caller, order)
    while time.time() < sent_at + WITHIN_S:
        answer = caller.ask("GET", f"/v1/enrolments/{course_id}", token=token, expect=(200, 404))
        if answer.body.get("trainer_id"):
            return {"sent": sent_at, "seen": time.time()}
        time.sleep(LOOK_EVERY_S)
    raise TimeoutError(f"order {order['id']} was paid {WITHIN_S:.0f} s ago, and there is no trainer")


def _with_stages(
    place: Place, orders: Sequence[dict[str, Any]], seen: Sequence[dict[str, float]]
) -> list[dict[str, float]]:
    """Add the moments that the programs wrote down; all clocks are the machine's."""
    with place.site.documents() as database:
        events = {one["purchase_id"]: one["processed_at"] for one in database["webhook_events"].find()}
        assigned = {one["grants"][0]: one["assigned_at"] for one in database["allocations"].find({"state": "ASSIGNED"})}
    return [
        {**moments, "paid": events[order["id"]].timestamp(), "assigned": assigned[order["id"]].timestamp()}
        for order, moments in zip(orders, seen, strict=True)
    ]


def rows(found: Sequence[dict[str, float]], *, per_second: float, judged: bool) -> list[Row]:
    whole = [(one["seen"] - one["sent"]) * MS for one in found]
    what, figure = (
        f"{per_second:g} purchases a second",
        f"{percentile(whole, 50):,.0f} ms and {percentile(whole, 99):,.0f} ms",
    )
    title = f"{what}: median and 99th percentile"
    first = at_most(title, figure, percentile(whole, 99), BAR_P99_MS, " ms") if judged else Row(title, figure)
    stages = [
        Row(f"  ... {name}, median", f"{percentile([(one[to] - one[since]) * MS for one in found], 50):,.0f} ms")
        for name, since, to in STAGES
    ]
    return [first, *stages]
