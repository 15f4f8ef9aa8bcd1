"""The worker: waits for its servers, keeps a membership alive, and ends in bounded time."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from keylane.checks import check, check_limits, check_parts
from keylane.errors import BrokerUnavailableError, ConfigurationError, StoreUnavailableError
from keylane.health import Health
from keylane.kafka import KafkaBroker
from keylane.lasting import lasting
from keylane.membership import Membership
from keylane.parts import Parts
from keylane.places import dead_letter_topic, replay_topic
from keylane.retry import RetryPolicy, outage_delay_s
from keylane.settings import KafkaSettings
from keylane.standing import Standing, held
from keylane.stopping import Stop
from keylane.watchdog import watch_loop
from keylane.wording import said

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence

    from opentelemetry.trace import TracerProvider

    from keylane.broker import Broker
    from keylane.counts import Counts
    from keylane.inbox import Inbox
    from keylane.intake import Order
    from keylane.measures import Measures
    from keylane.message import Handler

log = logging.getLogger("keylane")

PEACE_S: Final = 60.0
"""A membership that lasted this long, in seconds, ends a row of failures: the next wait is short again."""
STALLED_S: Final = 30.0
"""Without a tick for this long, in seconds, the event loop is stuck and the process should be restarted."""


def utc_now() -> datetime:
    """The default clock."""
    return datetime.now(UTC)


class Worker:
    """Runs the events of some topics through handlers: at least once, in order per key, effects once.

    `run()` returns after `stop()`. A worker is used once.

    Args:
        group: The consumer group: all its workers share the work.
        topics: Topics to read. Their dead letters go to `<topic>.<group>.dlq` and come again, when an operator wants
            it, on `<topic>.<group>.replay`; both must exist too.
        handlers: By event type. Effects must be keyed by `message.id`, or carry `message.fence` in their filter.
        ignored: Event types of these topics that this group does not want.
        inbox: The idempotency store.
        retry: Attempts and backoff.
        order: `key` (default), `partition` or `none`.
        concurrency: Handlers that run at one time.
        settings: How to reach Kafka.
        broker: Instead of Kafka, for tests.
        lease: How long a claim lasts without renewal; a dead owner's messages wait that long.
        outages: Exceptions of handlers that mean a server is away: such a run is repeated and never counted.
        app_version: Written into dead letters.
        tracer_provider: Receives a span per run; None for the global one, if an SDK has set it by now.
        clock: Aware UTC time, for what is recorded.
        jitter: Source of the jitter of waits.

    Raises:
        ConfigurationError: What was given can never work.
    """

    def __init__(  # noqa: PLR0913  the one public entrance: each option has a name and a default
        self,
        group: str,
        topics: Sequence[str],
        handlers: Mapping[str, Handler],
        *,
        inbox: Inbox,
        ignored: Collection[str] = (),
        retry: RetryPolicy | None = None,
        order: Order = "key",
        concurrency: int = 64,
        settings: KafkaSettings | None = None,
        broker: Broker | None = None,
        lease: timedelta = timedelta(seconds=30),
        outages: Sequence[type[Exception]] = (),
        app_version: str = "",
        tracer_provider: TracerProvider | None = None,
        clock: Callable[[], datetime] = utc_now,
        jitter: random.Random | None = None,
    ) -> None:
        check(group, topics, handlers, ignored)
        check_limits(group, order=order, concurrency=concurrency, lease=lease)
        check_parts(group, inbox=inbox, retry=retry, settings=settings, outages=outages)
        self.group = group
        self.topics = tuple(topics)
        self._read = (*topics, *(replay_topic(topic, group) for topic in topics))
        self._settings = settings or KafkaSettings()
        self._broker = broker or KafkaBroker(self._settings)
        self._inbox = inbox
        self._jitter = jitter or random.Random()
        self._stop = Stop(self._settings.stop_timeout.total_seconds())
        self._health = Health(f"worker {group}")
        self._health.note("broker", "not joined")
        parts = Parts(
            group,
            handlers,
            inbox=inbox,
            ignored=ignored,
            retry=retry or RetryPolicy(),
            order=order,
            concurrency=concurrency,
            client_id=self._settings.client_id,
            publisher=self._broker.publisher(compress=True),
            lease=lease,
            outages=outages,
            app_version=app_version,
            tracer_provider=tracer_provider,
            clock=clock,
            jitter=self._jitter,
            health=self._health,
        )
        self._parts, self._lanes, self._circuit, self._leases = parts, parts.lanes, parts.circuit, parts.leases
        self._membership: Membership | None = None
        self._main: asyncio.Task[None] | None = None
        self._ticked_at = time.monotonic()

    @property
    def ready(self) -> bool:
        """Joined, the store reachable, dead letters writable."""
        return self._health.ready

    @property
    def why_unready(self) -> str:
        """One line; empty when ready."""
        return self._health.why_unready

    @property
    def alive(self) -> bool:
        """Whether the worker has ticked lately; false means: restart this process."""
        return time.monotonic() - self._ticked_at < STALLED_S

    @property
    def counts(self) -> Counts:
        """What happened so far, by outcome."""
        return self._parts.processor.counts

    @property
    def measures(self) -> Measures:
        """How long things took so far, and what else is worth counting."""
        return self._parts.measures

    def standing(self) -> Standing:
        """What the worker has in hand now; from any thread."""
        now = time.monotonic()
        owned, ends = ((), {}) if self._membership is None else self._membership.holdings()
        return Standing(
            running=self._lanes.running,
            parked=self._lanes.waiting,
            polled_s=now - self._ticked_at,
            partitions=held(owned, ends, now),
            parts=self._health.parts,
            circuits={part: (breaker.state.value, breaker.opened) for part, breaker in self._circuit.states()},
        )

    @property
    def needed_topics(self) -> list[str]:
        """The topics that must exist before the worker starts."""
        return [*self._read, *(dead_letter_topic(topic, self.group) for topic in self.topics)]

    async def run(self) -> None:
        """Work until `stop()`; servers that are away are waited for.

        Raises:
            ConfigurationError: A topic does not exist, the store can never work as it is, or another process has the
                same `group_instance_id`.
        """
        if self._main is not None:
            raise ConfigurationError(f"worker {self.group} was run before: build a new one")
        self._main = asyncio.get_running_loop().create_task(self._live(), name=f"keylane-{self.group}")
        try:
            await asyncio.shield(self._main)
        except asyncio.CancelledError:
            await self.stop()
            raise

    def request_stop(self) -> None:
        """Begin to stop, for signal handlers; `run()` returns when it is done."""
        self._stop.request()

    async def stop(self) -> None:
        """Finish what is running, commit, leave the group; returns within `stop_timeout` whatever the servers do."""
        await self._stop.join(self._main)

    async def _live(self) -> None:
        lag_s, name = self._parts.measures.loop_lag_s, f"worker {self.group}"
        beside = [
            self._beside("renewal of leases", self._leases.renew_regularly),
            self._beside("watch over the loop", lambda: watch_loop(lag_s, name=name)),
            self._beside("watch over runs", lambda: self._parts.runs.cut_overdue(self._lanes)),
        ]
        ended = "stopped"
        try:
            await self._until_reached("broker", self._check_topics)
            await self._until_reached("store", self._inbox.ping)
            await self._keep_membership()
        except Exception as exc:
            ended = f"stopped: {said(exc)}"
            raise
        finally:
            await self._shut_down(ended, *beside)

    def _beside(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(lasting(work, name=name, health=self._health), name=name)

    async def _until_reached(self, part: str, look: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Repeat a first look at a server until it answers or a stop is requested."""
        tries = 0
        while not self._stop.asked:
            self._tick()
            try:
                await self._stop.unless_asked(look(), tick=self._tick)
            except (BrokerUnavailableError, StoreUnavailableError, ConnectionAbortedError) as exc:
                tries += 1
                self._health.trouble(part, str(exc))
                await self._stop.rest(outage_delay_s(tries, jitter=self._jitter))
            else:
                if part != "broker" and not self._stop.asked:  # the broker is well once the group is joined
                    self._health.well(part)
                return

    async def _check_topics(self) -> None:
        found = await self._broker.partitions(self.needed_topics)
        if missing := [topic for topic in self.needed_topics if topic not in found]:
            raise ConfigurationError(f"missing topic {', '.join(missing)}: create it before starting the worker")

    async def _keep_membership(self) -> None:
        tries = 0
        while not self._stop.asked:
            started = time.monotonic()
            self._membership = Membership(
                self._broker,
                self.group,
                self._read,
                settings=self._settings,
                lanes=self._lanes,
                processor=self._parts.processor,
                health=self._health,
                measures=self._parts.measures,
                stop=self._stop,
                tick=self._tick,
            )
            try:
                await self._membership.serve()
            except BrokerUnavailableError as exc:
                tries = 1 if time.monotonic() - started > PEACE_S else tries + 1
                self._health.trouble("broker", str(exc))
                await self._stop.rest(outage_delay_s(tries, jitter=self._jitter))
            except ConfigurationError:
                raise
            except Exception as exc:
                tries += 1
                self._health.trouble("broker", f"{type(exc).__name__}: {said(exc)}")
                log.exception("the membership broke: joining anew", extra={"action": "defect"})
                await self._stop.rest(outage_delay_s(tries, jitter=self._jitter))

    async def _shut_down(self, why: str, *beside: asyncio.Task[None]) -> None:
        self._health.note("broker", why)
        await self._lanes.close()
        await self._parts.runs.orphans_done(timeout_s=self._stop.left_s() * 0.3)
        for task in beside:
            task.cancel()
        await asyncio.wait(beside, timeout=0.5)
        await self._parts.publisher.close(timeout_s=max(0.2, self._stop.left_s() * 0.3))
        self._parts.threads.close()

    def _tick(self) -> None:
        self._ticked_at = time.monotonic()
