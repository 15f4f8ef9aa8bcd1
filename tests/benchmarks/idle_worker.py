"""The process that `bench_memory` looks at: it imports what a worker needs, and none of what draws tables and plots."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from keylane.testing import until
from lyceum_database.embedded import embedded_settings
from lyceum_devstack.demo.program import built_worker, deploy
from lyceum_devstack.demo.stage import Stage

if TYPE_CHECKING:
    from allocation_worker.program import AllocationWorker

START_WITHIN_S = 60.0
READY = "ready"


async def be_idle(bootstrap: str) -> None:
    """Run the worker on a Kafka elsewhere until the process is ended."""
    stage = Stage("bench", embedded_settings(), bootstrap, topic_prefix="", embedded_mongo=True, embedded_kafka=True)
    with built_worker(stage, lambda _: None) as worker:
        await deploy(worker, (), create_topics=False)
        await asyncio.gather(worker.run(), report_ready(worker))


async def report_ready(worker: AllocationWorker) -> None:
    """Tell the parent when there is nothing left to do."""
    await until(lambda: worker.ready, timeout_s=START_WITHIN_S)
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(be_idle(sys.argv[1]))
