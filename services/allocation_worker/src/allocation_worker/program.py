"""The running program: the consumer, the sweeper and the relay side by side, started and stopped as one."""

import asyncio
import logging
from dataclasses import asdict
from importlib.metadata import version
from typing import Protocol

from prometheus_client import CollectorRegistry, generate_latest

from allocation_worker import storage
from allocation_worker.settings import WorkerSettings
from allocation_worker.topics import read_topic, written_topic
from keylane import UnavailableError, Worker, missing_topics
from lyceum_allocation import AllocationService
from lyceum_database import DatabaseError, IndexesDiffer, Unavailable
from lyceum_program.errors import StartRefused
from lyceum_program.waiting import Stopped, Waiting

LOOK_EVERY_S = 0.25
"""How often readiness is looked at, to say when it changes."""

log = logging.getLogger(__name__)


class Part(Protocol):
    """What keylane's worker, timer and relay have in common."""

    @property
    def ready(self) -> bool: ...  # noqa: D102 - as keylane documents it
    @property
    def why_unready(self) -> str: ...  # noqa: D102 - as keylane documents it
    async def run(self) -> None: ...  # noqa: D102 - as keylane documents it
    def request_stop(self) -> None: ...  # noqa: D102 - as keylane documents it
    async def stop(self) -> None: ...  # noqa: D102 - as keylane documents it


class AllocationWorker:
    """One worker, built and not yet running. Used once.

    Args:
        settings: where its servers are.
        service: the one service that all attempts use.
        worker: reads and handles events.
        others: what runs beside it, the sweeper and the outbox relay among them.
        registry: collects the metrics of all of these.
    """

    def __init__(
        self,
        *,
        settings: WorkerSettings,
        service: AllocationService,
        worker: Worker,
        others: tuple[Part, ...],
        registry: CollectorRegistry,
    ) -> None:
        self.settings = settings
        self.service = service
        self.worker = worker
        self._parts: tuple[Part, ...] = (worker, *others)
        self._registry = registry
        self._waiting = Waiting()
        self._started = False
        self._stopping = False

    @property
    def alive(self) -> bool:
        """False means: restart this process."""
        return not self._started or self.worker.alive

    @property
    def ready(self) -> bool:
        """Joined, the database reachable, dead letters and events writable."""
        return self._started and all(part.ready for part in self._parts)

    @property
    def why_unready(self) -> str:
        """One line; empty when ready."""
        if not self._started:
            return self._waiting.reason
        return "; ".join(part.why_unready for part in self._parts if not part.ready)

    async def metrics(self) -> bytes:
        """Every figure now, in Prometheus' text format; written in a thread, as the loop has messages to move."""
        return await asyncio.to_thread(generate_latest, self._registry)

    async def run(self) -> None:
        """Work until a stop is asked for; servers that are away are waited for.

        Raises:
            StartRefused: what was found at the servers can never work: wrong indexes, a missing topic, credentials.
            ConfigurationError: the same, found by the runtime.
        """
        self._say_start()
        try:
            await self._check_servers()
            self._started = True
            await self._run_parts()
        except Stopped:
            return
        finally:
            log.info("stopped", extra={"action": "stopped", **asdict(self.worker.counts)})

    def request_stop(self) -> None:
        """Begin to stop; for signal handlers."""
        if not self._stopping:
            self._stopping = True
            log.info("stopping", extra={"action": "stopping"})
        self._waiting.request_stop()
        for part in self._parts:
            part.request_stop()

    async def stop(self) -> None:
        """Finish what is running, commit and leave; bounded whatever the servers do. Unpublished events stay stored."""
        self.request_stop()
        await asyncio.gather(*(part.stop() for part in self._parts))

    async def _check_servers(self) -> None:
        """Nothing joins the group before all that it needs is found to be there."""
        try:
            await self._waiting.until("MongoDB", lambda: asyncio.to_thread(storage.verify), (Unavailable,))
        except IndexesDiffer as exc:
            problems = "; ".join(exc.problems)
            raise StartRefused(
                f"the database lacks indexes (run `python -m allocation_worker indexes`): {problems}"
            ) from exc
        except DatabaseError as exc:
            raise StartRefused(str(exc)) from exc
        topics = [*self.worker.needed_topics, written_topic(self.settings)]
        missing = await self._waiting.until(
            "Kafka", lambda: missing_topics(self.settings.kafka, topics), (UnavailableError,)
        )
        if missing:
            raise StartRefused(f"missing topic {', '.join(missing)}: run `python -m allocation_worker topics`")

    async def _run_parts(self) -> None:
        """Run until the first part ends, then end the others: half a worker helps nobody."""
        running = [asyncio.create_task(part.run()) for part in self._parts]
        watching = asyncio.create_task(self._say_readiness())
        try:
            ended, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        finally:
            watching.cancel()
            await self.stop()
            await asyncio.gather(*running, watching, return_exceptions=True)
        for task in ended:
            task.result()

    def _say_start(self) -> None:
        facts = {
            "version": version("allocation-worker"),
            "group": self.settings.group,
            "topics": {"reads": read_topic(self.settings), "writes": written_topic(self.settings)},
            "kafka": self.settings.kafka.bootstrap_servers,
            "mongodb": self.settings.mongo.address,
            "database": self.settings.mongo.database,
        }
        log.info("allocation-worker %s starts", facts["version"], extra={"action": "start", **facts})

    async def _say_readiness(self) -> None:
        """Say when the worker becomes ready, and when it no longer is."""
        ready = False
        while not self._stopping:
            if self.ready != ready:
                ready = not ready
                if ready:
                    log.info("ready", extra={"action": "ready"})
                else:
                    log.warning("unready: %s", self.why_unready, extra={"action": "unready"})
            await asyncio.sleep(LOOK_EVERY_S)
