"""One run of the demo, from the files to the verdict."""

import asyncio
import time
from contextlib import closing
from dataclasses import asdict

from rich.console import Console

from allocation_worker.program import AllocationWorker
from lyceum_devstack.check import Case, Finding, Sent, expect, judge
from lyceum_devstack.demo.faults import FaultInjector
from lyceum_devstack.demo.inputs import Day
from lyceum_devstack.demo.kafka import Publisher
from lyceum_devstack.demo.plan import Outgoing, acted_on, plan
from lyceum_devstack.demo.program import built_worker, deploy
from lyceum_devstack.demo.progress import Counts, Display, display
from lyceum_devstack.demo.stage import Stage
from lyceum_devstack.demo.summary import Result
from lyceum_devstack.demo.witness import Witness
from lyceum_devstack.errors import ServerError
from modelguard import stats

LOOK_EVERY_S = 0.25
STALLED_AFTER_S = 60.0
"""Without one more record completed for this long, the run is judged as it stands."""
SETTLE_WITHIN_S = 20.0
"""Once every record is completed, queues and outbox have this long to come to rest."""

Judged = tuple[Case, list[Finding]]


async def play(day: Day, stage: Stage, console: Console, *, settle_within_s: float = SETTLE_WITHIN_S) -> Result:
    """Import the trainers, publish the day, wait until the worker is done with it, and judge.

    Args:
        day: What goes in.
        stage: Where it is played.
        console: Where progress is shown.
        settle_within_s: How long after the last record the judge waits for the rest that he asks for.

    Raises:
        ServerError: Kafka failed, or the worker ended by itself.
        Unavailable: MongoDB failed.
        StartRefused: The worker cannot work with what it was given.
    """
    started = time.monotonic()
    injector = FaultInjector(day.faults.fails)
    records = plan(day.purchases, day.faults)
    with (
        built_worker(stage, lambda message: injector(message.id)) as worker,
        closing(Witness(stage)) as witness,
    ):
        await deploy(worker, day.rows, create_topics=not stage.embedded_kafka)
        console.print(f"Imported {len(day.rows)} trainers. Publishing {len(records)} records, with the worker at work:")
        run = _Run(day, stage, records, injector, worker, witness, settle_within_s)
        case, findings = await _beside(worker, run, console)
        return Result(case, findings, asdict(stats()), time.monotonic() - started)


async def _beside(worker: AllocationWorker, run: "_Run", console: Console) -> Judged:
    """Act while the worker works; a worker that fails ends the demo."""
    working = asyncio.create_task(worker.run())
    acting = asyncio.create_task(run.act(console))
    try:
        await asyncio.wait({working, acting}, return_when=asyncio.FIRST_COMPLETED)
        if not acting.done():
            working.result()
            raise ServerError("the worker ended by itself")
        return acting.result()
    finally:
        acting.cancel()
        await worker.stop()
        await asyncio.gather(working, acting, return_exceptions=True)


class _Run:
    def __init__(
        self,
        day: Day,
        stage: Stage,
        records: list[Outgoing],
        injector: FaultInjector,
        worker: AllocationWorker,
        witness: Witness,
        settle_within_s: float,
    ) -> None:
        self._day = day
        self._stage = stage
        self._records = records
        self._injector = injector
        self._worker = worker
        self._witness = witness
        self._settle_within_s = settle_within_s
        self._defined = asdict(stats())

    async def act(self, console: Console) -> Judged:
        publisher = Publisher(self._stage.bootstrap, self._stage.purchases)
        publishing = asyncio.create_task(asyncio.to_thread(publisher.publish, self._records))
        with display(console, len(self._records)) as shown:
            await self._completed(publishing, shown)
            return await self._settled(await publishing)

    async def _completed(self, publishing: asyncio.Task[list[Sent]], shown: Display) -> None:
        """Return when the group has moved past every record, or when nothing has moved for long."""
        last, moved_at = None, time.monotonic()
        while time.monotonic() - moved_at < STALLED_AFTER_S:
            completed = await asyncio.to_thread(self._witness.completed)
            counts = await asyncio.to_thread(self._counts)
            shown.show(counts)
            if publishing.done() and completed >= len(publishing.result()):
                return
            if (completed, counts) != last:
                last, moved_at = (completed, counts), time.monotonic()
            await asyncio.sleep(LOOK_EVERY_S)

    def _counts(self) -> Counts:
        of_worker, states = self._worker.worker.counts, self._witness.states()
        handled = of_worker.done + of_worker.dead + of_worker.duplicate + of_worker.ignored
        return Counts(handled, states["ASSIGNED"], states["PENDING"], of_worker.retried, of_worker.dead)

    async def _settled(self, sent: list[Sent]) -> Judged:
        deadline = time.monotonic() + self._settle_within_s
        while True:
            case = await asyncio.to_thread(self._case, sent)
            findings = judge(case)
            if not any(finding.against for finding in findings) or time.monotonic() > deadline:
                return case, findings
            await asyncio.sleep(LOOK_EVERY_S)

    def _case(self, sent: list[Sent]) -> Case:
        redefined = {name: count - self._defined[name] for name, count in asdict(stats()).items()}
        seen = self._witness.observe(failed=self._injector.failed, redefined=redefined)
        return Case(expect(self._day.trainers, acted_on(self._records)), tuple(sent), seen)
