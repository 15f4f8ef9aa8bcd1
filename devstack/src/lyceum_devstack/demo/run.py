"""One run of the demo, from the files to the verdict."""

import asyncio
import time
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from lyceum_devstack.check import Case, Finding, Sent, expect, judge
from lyceum_devstack.demo.faults import FaultInjector
from lyceum_devstack.demo.inputs import Day
from lyceum_devstack.demo.kafka import Publisher
from lyceum_devstack.demo.plan import plan
from lyceum_devstack.demo.program import Program
from lyceum_devstack.demo.progress import Display, display
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


class Run:
    """The demo between an open stage and its result. Used once.

    Args:
        day: What goes in.
        stage: Where it is played.
        console: Where progress is shown.
        settle_within_s: How long after the last record the judge waits for the rest that he asks for.
    """

    def __init__(self, day: Day, stage: Stage, console: Console, *, settle_within_s: float = SETTLE_WITHIN_S) -> None:
        self._day = day
        self._stage = stage
        self._console = console
        self._settle_within_s = settle_within_s
        self._records = plan(day.purchases, day.faults)
        self._injector = FaultInjector(day.faults.fails)
        self._program = Program(stage, lambda message: self._injector(message.id))
        self._witness = Witness(stage)

    async def play(self, trainers: Path) -> Result:
        """Import the trainers, publish the day, wait until the worker is done with it, and judge.

        Raises:
            ServerError: A server failed, or the worker ended by itself.
            ConfigurationError: The worker cannot work with what it was given.
        """
        started = time.monotonic()
        try:
            imported = await self._program.prepare(trainers)
            self._console.print(
                f"Imported {imported} trainers. Publishing {len(self._records)} records, with the worker at work:"
            )
            self._defined = asdict(stats())
            case, findings = await self._beside_the_worker()
            return Result(case, findings, asdict(stats()), time.monotonic() - started)
        finally:
            self._witness.close()
            self._program.close()

    async def _beside_the_worker(self) -> tuple[Case, list[Finding]]:
        working = asyncio.create_task(self._program.run())
        acting = asyncio.create_task(self._act())
        try:
            await asyncio.wait({working, acting}, return_when=asyncio.FIRST_COMPLETED)
            if not acting.done():
                working.result()
                raise ServerError("the worker ended by itself")
            return acting.result()
        finally:
            acting.cancel()
            await self._program.stop()
            await asyncio.gather(working, acting, return_exceptions=True)

    async def _act(self) -> tuple[Case, list[Finding]]:
        publisher = Publisher(self._stage.bootstrap, self._stage.purchases)
        publishing = asyncio.create_task(asyncio.to_thread(publisher.publish, self._records))
        with display(self._console, len(self._records)) as shown:
            await self._completed(publishing, shown)
            return await self._settled(await publishing)

    async def _completed(self, publishing: asyncio.Task[list[Sent]], shown: Display) -> None:
        completed, moved_at = -1, time.monotonic()
        while completed < len(self._records) and time.monotonic() - moved_at < STALLED_AFTER_S:
            counts = await asyncio.to_thread(self._witness.counts)
            shown.show(counts)
            if counts.completed > completed:
                completed, moved_at = counts.completed, time.monotonic()
            if publishing.done():
                publishing.result()
            await asyncio.sleep(LOOK_EVERY_S)

    async def _settled(self, sent: list[Sent]) -> tuple[Case, list[Finding]]:
        deadline = time.monotonic() + self._settle_within_s
        while True:
            case = await asyncio.to_thread(self._case, sent)
            findings = judge(case)
            if not any(finding.against for finding in findings) or time.monotonic() > deadline:
                return case, findings
            await asyncio.sleep(LOOK_EVERY_S)

    def _case(self, sent: list[Sent]) -> Case:
        acted_on = [record.fact for record in self._records if record.fact and not record.doomed]
        redefined = {name: count - self._defined[name] for name, count in asdict(stats()).items()}
        seen = self._witness.observe(attempts=self._injector.started, redefined=redefined)
        return Case(expect(self._day.trainers, acted_on), tuple(sent), seen)
