"""One rehearsal from start to rest: publishing, faults, then a calm in which everything must come to an end."""

import dataclasses
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from lyceum_allocation.audit import violations

from .crew import Crew, Kill, Restart
from .events import day, ledger, seats_each
from .evidence import Evidence
from .faults import ServerFaults
from .gathering import Outsider, gather, group_of, inbox_of, topic_of
from .leak import leak_a_seat
from .orders import SESSION, Broken, Orders, World
from .publisher import Publisher
from .runlog import Note
from .schedule import Kind, between_s, server_faults
from .stage import Stage, allocation_database, set_up
from .strikes import Strikes
from .witness import Witness

TICK_S = 0.05
PROGRESS_S = 3.0
LEDGER_PER_S = 50
STUDENTS_PER_S = 4
MOST_BEHIND = 500
"""Events: publishing waits while the workers are this far behind, so that they can come to rest afterwards."""
UP_S = 30.0
LAST_CHANCE_S = 15.0
SETTLE_S = 5.0
"""For failpoints at which nobody died amid the other faults."""


@dataclass(frozen=True)
class Plan:
    """What a rehearsal is.

    Attributes:
        seed: Of everything that is drawn.
        seconds: Faults for so long.
        calm_s: Within so many seconds after the last fault all must be at rest.
        sizes: Workers of each world.
        broken: A defect to build in.
        folder: For logs and notes.
        longest_s: The longest run of a handler.
    """

    seed: int
    seconds: float
    calm_s: float
    sizes: dict[World, int]
    broken: Broken | None
    folder: Path
    longest_s: float


@dataclass(frozen=True)
class Outcome:
    """What a rehearsal left."""

    evidence: Mapping[World, Evidence]
    notes: list[Note] = field(repr=False)
    kills: list[Kill]
    died: Mapping[tuple[World, str], int]
    suspensions: int
    restarts: list[Restart]
    server_faults: Mapping[Kind, int]
    rest_s: float | None
    """Seconds from the last fault to rest; None: it never came."""
    calm_takeover: Kill | None
    stop_s: float
    refused: int
    """Records whose publishing was not acknowledged."""


class Conductor:
    """Runs one plan on one stage."""

    def __init__(self, stage: Stage, plan: Plan) -> None:
        self._stage = stage
        self._plan = plan
        self._chance = Random(plan.seed)
        self._witness = Witness()
        self._began = 0.0
        self._said_at = 0.0
        name = f"chaos-{plan.seed}-{int(time.time())}"
        self._orders = Orders(
            World.LEDGER, stage.bootstrap, stage.uri, name, plan.folder, plan.folder / "calm", broken=plan.broken
        )

    def run(self) -> Outcome:
        """From the deploy steps to the evidence."""
        plan = self._plan
        students = int(plan.seconds * STUDENTS_PER_S)
        set_up(self._orders, self._stage.outside, seats_each=seats_each(students))
        records = {
            World.LEDGER: ledger(
                int(plan.seconds * LEDGER_PER_S), Random(self._chance.random()), longest_s=plan.longest_s
            ),
            World.ALLOCATION: day(students, Random(self._chance.random()), longest_s=plan.longest_s),
        }
        self._began = time.monotonic()
        crew = Crew(self._orders, plan.folder, plan.sizes, Random(self._chance.random()))
        try:
            publishers: dict[World, Publisher] = {}
            for world in plan.sizes:
                publishers[world] = Publisher(
                    self._stage.bootstrap,
                    topic_of(self._orders, world),
                    records[world],
                    plan.seconds,
                    lambda: self._behind(publishers) > MOST_BEHIND,
                )
            self._await(lambda: self._joined(crew), UP_S, crew)
            return self._storm_and_calm(crew, publishers)
        finally:
            crew.kill_all()

    def _storm_and_calm(self, crew: Crew, publishers: dict[World, Publisher]) -> Outcome:
        servers = ServerFaults(self._stage, server_faults(Random(self._chance.random())), between_s(self._plan.seconds))
        strikes = Strikes(crew, self._witness, servers, Random(self._chance.random()), self._plan.seconds)
        for publisher in publishers.values():
            publisher.start()
        self._began = time.monotonic()
        servers.start()
        try:
            self._storm(crew, strikes, servers, publishers)
        except BaseException:
            for publisher in publishers.values():
                publisher.stop()
            raise
        finally:
            servers.stop()
        self._hit_the_rest(crew, strikes)
        crew.calm_down()
        for publisher in publishers.values():
            publisher.stop()
        rest_s, restless = self._calm(crew, publishers)
        kill = self._calm_kill(crew) if rest_s is not None else None
        stop_s = crew.stop()
        self._witness.look(crew.run_logs())
        return Outcome(
            evidence={world: self._evidence(world, publishers[world], crew, restless) for world in publishers},
            notes=self._witness.notes,
            kills=crew.kills,
            died=self._witness.died,
            suspensions=crew.suspensions,
            restarts=crew.restarts,
            server_faults=servers.counts,
            rest_s=rest_s,
            calm_takeover=kill,
            stop_s=stop_s,
            refused=sum(len(publisher.refused) for publisher in publishers.values()),
        )

    def _evidence(self, world: World, publisher: Publisher, crew: Crew, restless: Mapping[World, str]) -> Evidence:
        found = gather(self._stage, self._orders, world, publisher.acknowledged, self._witness.notes)
        unclean = [line for line in crew.unclean if line.startswith(f"{world}-")]
        stopped = frozenset(restart.process for restart in crew.restarts)
        return dataclasses.replace(found, unclean=unclean, stopped=stopped, restless=restless.get(world, ""))

    def _joined(self, crew: Crew) -> bool:
        self._witness.look(crew.run_logs())
        return {note.process for note in self._witness.notes if note.what == "assigned"} >= {
            member.name for member in crew.members
        }

    def _storm(
        self, crew: Crew, strikes: Strikes, servers: ServerFaults, publishers: Mapping[World, Publisher]
    ) -> None:
        while (passed := time.monotonic() - self._began) < self._plan.seconds:
            self._witness.look(crew.run_logs())
            strikes.look(passed)
            crew.look_after()
            self._say(servers.now or strikes.now, crew, publishers)
            time.sleep(TICK_S)

    def _hit_the_rest(self, crew: Crew, strikes: Strikes) -> None:
        """Replace workers by such as die where nobody has died yet, while there is work left; the same for stops."""
        deadline = time.monotonic() + LAST_CHANCE_S
        while crew.untested and time.monotonic() < deadline:
            crew.hit_the_rest(self._chance.random())
            self._await(lambda: not crew.untested, SETTLE_S, crew)
        while strikes.untested and time.monotonic() < deadline:
            self._witness.look(crew.run_logs())
            strikes.tell_the_rest()
            self._await(lambda: not strikes.untested, TICK_S, crew)

    def _behind(self, publishers: Mapping[World, Publisher]) -> int:
        """Events published and not yet done, about."""
        published = sum(len(publisher.acknowledged) for publisher in publishers.values())
        return published - len(self._witness.done) - len(self._witness.dead)

    def _calm(self, crew: Crew, publishers: Mapping[World, Publisher]) -> tuple[float | None, dict[World, str]]:
        """Seconds until rest, or None and what is not at rest. At rest a seat is leaked, which must be found too."""
        began = time.monotonic()
        if why := self._until_rest(crew, publishers, began):
            return None, why
        rest_s = time.monotonic() - began
        if World.ALLOCATION in publishers:
            leaked = leak_a_seat(self._stage, self._orders)
            if self._until_rest(crew, publishers, time.monotonic()):
                return None, {World.ALLOCATION: f"seat {leaked}, leaked on purpose, was not given back"}
        return rest_s, {}

    def _until_rest(self, crew: Crew, publishers: Mapping[World, Publisher], began: float) -> dict[World, str]:
        """Nothing, as soon as all is at rest, or what was not when the time was over."""
        while (why := self._why_restless(publishers)) and time.monotonic() - began < self._plan.calm_s:
            crew.look_after()
            self._say("calm: " + "; ".join(f"{world}: {reason}" for world, reason in why.items()), crew, publishers)
            time.sleep(0.3)
        return why

    def _why_restless(self, publishers: Mapping[World, Publisher]) -> dict[World, str]:
        found = {world: self._why_unfinished(world, publisher) for world, publisher in publishers.items()}
        if World.ALLOCATION in publishers and not any(found.values()):
            with allocation_database(self._orders):
                broken = violations(at_rest=True)
            found[World.ALLOCATION] = f"{len(broken)} broken promises, such as {broken[0]}" if broken else ""
        return {world: why for world, why in found.items() if why}

    def _why_unfinished(self, world: World, publisher: Publisher) -> str:
        group = group_of(self._orders, world)
        terminal = {"_id": {"$regex": f"^{group}:"}, "state": {"$in": ["done", "dead"]}}
        done = inbox_of(self._stage, self._orders, world).count_documents(terminal)
        wanted = sum(not event.endswith(".poison") for event in publisher.acknowledged)
        if done < wanted and self._plan.broken is not Broken.NO_INBOX:
            return f"{wanted - done} of {wanted} events unfinished"
        outsider = Outsider(self._stage.bootstrap, group)
        try:
            topic = topic_of(self._orders, world)
            ends, committed = outsider.ends(topic), outsider.committed(topic)
        finally:
            outsider.close()
        behind = sum(end - committed[partition] for partition, end in ends.items())
        return f"{behind} records not committed" if behind else ""

    def _calm_kill(self, crew: Crew) -> Kill | None:
        """With everything at rest: how long until the others have what a killed worker owned."""
        self._witness.look(crew.run_logs())
        victims = [member for member in crew.members if member.world is World.LEDGER]
        if len(victims) < 2:
            return None
        kill = crew.kill_for_good(victims[0])
        survivors = {member.name for member in victims[1:]}
        deadline = kill.at + 3 * SESSION.total_seconds()
        while time.monotonic() < deadline:
            self._witness.look(crew.run_logs())
            told = {note.process for note in self._witness.notes if note.what == "assigned" and note.at > kill.at}
            if told >= survivors:
                return kill
            time.sleep(TICK_S)
        return kill

    def _await(self, condition: Callable[[], bool], seconds: float, crew: Crew) -> None:
        deadline = time.monotonic() + seconds
        while not condition() and time.monotonic() < deadline:
            crew.look_after()
            time.sleep(TICK_S)

    def _say(self, what: str, crew: Crew, publishers: Mapping[World, Publisher]) -> None:
        if time.monotonic() - self._said_at < PROGRESS_S:
            return
        self._said_at = time.monotonic()
        self._witness.look(crew.run_logs())
        events = sum(len(publisher.acknowledged) for publisher in publishers.values())
        copies = sum(publisher.acknowledged.total() for publisher in publishers.values())
        sys.stderr.write(
            f"[{time.monotonic() - self._began:4.0f} s] published {events} ({copies} records)  "
            f"done {len(self._witness.done)}  dead {len(self._witness.dead)}  "
            f"killed {len(crew.kills)} + {sum(self._witness.died.values())} at failpoints | {what}\n"
        )
        sys.stderr.flush()
