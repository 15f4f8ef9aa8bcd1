"""A process of several workers: `saturation_worker.py URI DATABASE WORKERS`, and its work as JSON on standard input.

It says that it is ready on one line, waits for the line with the work, and answers with one line: when each purchase
began to be handled and when it was written down, by this machine's clock.
"""

import json
import sys
import threading
import time
from random import Random
from typing import Any

from lyceum_allocation import (
    Allocation,
    AllocationRepository,
    AllocationService,
    CapacityRepository,
    MoveReason,
    allocation_id,
)
from lyceum_allocation.testing import purchase, refund
from lyceum_allocation.transitions import Change
from lyceum_database import connect
from lyceum_database.settings import MongoSettings

Written = dict[str, tuple[float, float]]


class Witnessed(AllocationRepository):
    """Notes when an allocation was first written: from that moment on everybody sees it.

    Attributes:
        began: when the present piece of work was begun. A place in the queue is stamped between that and the write.
    """

    def __init__(self, written: Written) -> None:
        super().__init__()
        self._written = written
        self.began = 0.0

    def write(self, seen: Allocation, change: Change, *, cause_id: str | None = None) -> bool:
        is_first = seen.version == 0
        done = super().write(seen, change, cause_id=cause_id)
        if is_first and done:
            self._written[seen.student_id] = self.began, time.time()
        return done


def perform(service: AllocationService, task: dict[str, Any]) -> None:
    """Do one piece of work."""
    student = task.get("student", "")
    match task["do"]:
        case "buy":
            service.allocate(purchase(f"p-{student}", student=student, wants=task["wants"]))
        case "return":
            service.refund(refund(f"p-{student}", student=student))
        case "drain":
            service.drain(org_id="default", skill="math|en")
        case "sweep":
            service.sweep()
        case "reconcile":
            service.reconcile()
        case "move":
            name = allocation_id("default", student, "course-1")
            service.move(name, reason=MoveReason.ADMIN, actor="op", override=True)
        case "leave":
            service.leave(task["trainer"], for_good=True, actor="op")


def main(uri: str, database: str, workers: int) -> None:
    """Work until standard input ends."""
    connect(MongoSettings(uri=uri, database=database))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        written: Written = {}
        failures: list[str] = []
        tasks = json.loads(line)
        threads = [
            threading.Thread(target=work, args=(Random(number), tasks[number::workers], written, failures))
            for number in range(workers)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        sys.stdout.write(json.dumps({"written": written, "failures": failures}) + "\n")
        sys.stdout.flush()


def work(random: Random, tasks: list[dict[str, Any]], written: Written, failures: list[str]) -> None:
    """Be one worker: a service of one's own, which shares nothing with the others but the server."""
    allocations = Witnessed(written)
    service = AllocationService(allocations=allocations, capacities=CapacityRepository(), random=random)
    try:
        for task in tasks:
            allocations.began = time.time()
            perform(service, task)
    except Exception as exc:  # noqa: BLE001 - told to the test
        failures.append(repr(exc))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
