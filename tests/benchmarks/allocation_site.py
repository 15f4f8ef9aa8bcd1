"""One installation of the allocation worker on real servers, with trainers, and purchases to come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lyceum_allocation import TrainerCapacity
from lyceum_allocation.testing import purchase, trainer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.wire.deployment import Deployment

    from lyceum_contracts import PurchaseCreated

SKILLS = 10
"""Waitlists are by skill: as many students at a time are served as there are skills."""
THREADS = 32
"""The worker's default concurrency, and so many threads write when there is no worker."""
SPARE = 3
"""Seats of each trainer beyond his share, so that nobody is ever full."""
PRODUCTION = {
    "SWEEP_INTERVAL_SECONDS": "30",
    "RECONCILE_INTERVAL_SECONDS": "60",
    "INBOX_LEASE_SECONDS": "30",
    "KAFKA_SESSION_TIMEOUT_SECONDS": "30",
    "KAFKA_HEARTBEAT_INTERVAL_SECONDS": "3",
}
"""The defaults, where tests on the same servers choose shorter ones."""


def deploy(site: Deployment, *, trainers: int, seats: int) -> None:
    """Create topics and indexes, and hire trainers who together have about `seats` seats, evenly over the skills."""
    site.deploy()
    each = -(-seats // trainers) + SPARE
    with site.connected():
        pattern = trainer("pattern", capacity=each).to_mongo()
        hired = [
            {**pattern, "_id": f"trainer-{number}", "skills": [f"{subject(number)}|en"]} for number in range(trainers)
        ]
        TrainerCapacity._get_collection().insert_many(hired)


def purchases(numbers: Iterable[int]) -> list[PurchaseCreated]:
    return [purchase(f"purchase-{number}", student=f"student-{number}", subject=subject(number)) for number in numbers]


def subject(number: int) -> str:
    return f"subject-{number % SKILLS}"


def environment(site: Deployment) -> dict[str, str]:
    return site.environment | PRODUCTION


def assigned(allocations: Any) -> int:
    return int(allocations.count_documents({"state": "ASSIGNED"}))
