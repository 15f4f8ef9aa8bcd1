"""The worker processes: started, armed with a failpoint, killed, suspended, and started again when they are gone."""

import dataclasses
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from random import Random

from keylane.testing import Failpoint

from .guard import Guard
from .orders import STOP, Orders, World
from .schedule import Amid

ARMED_PART = 0.6
"""Of the processes started, those that are to die by a failpoint."""
OFTEN_PASSED = (Failpoint.AFTER_CLAIM, Failpoint.AFTER_EFFECT, Failpoint.AFTER_FINISH)
DIE_AFTER = {World.LEDGER: 30, World.ALLOCATION: 12}
"""A process dies at most at this passage of a failpoint that is often passed, at the others' first."""
ROOT = Path(__file__).resolve().parents[2]
STOP_S = STOP.total_seconds() + 5.0
"""Within this a worker that was told to stop has ended: its own limit, and the interpreter's exit on a busy machine."""


@dataclass
class Member:
    """One running process."""

    name: str
    world: World
    process: subprocess.Popen[bytes]
    armed: Failpoint | None
    frozen: bool = False
    leaves: Amid | None = None
    """It was told to stop, at such a moment."""
    told_at: float = 0.0
    """When, in seconds of the machine's monotonic clock."""


@dataclass(frozen=True)
class Restart:
    """A process that ended well after it was told to stop."""

    process: str
    amid: Amid
    took_s: float


@dataclass(frozen=True)
class Kill:
    """A process that was killed by this program."""

    process: str
    at: float
    """Seconds of the machine's monotonic clock."""


class Crew:
    """All the workers.

    Args:
        orders: To be told to each, but for its own part.
        folder: For what they note and log.
        sizes: How many of each world.
        chance: Arms them.
    """

    def __init__(self, orders: Orders, folder: Path, sizes: dict[World, int], chance: Random) -> None:
        self._orders = orders
        self._folder = folder
        self._chance = chance
        self._numbers: Counter[World] = Counter()
        self._armed: Counter[Failpoint] = Counter()
        self._died: Counter[Failpoint] = Counter()
        self._guard = Guard()
        self._arming = True
        self._insisting = True
        """Arm each that starts: the first, so that failpoints are hit before other faults begin; and late in a run."""
        self.members: list[Member] = []
        self.kills: list[Kill] = []
        self.restarts: list[Restart] = []
        self.suspensions = 0
        self.unclean: list[str] = []
        """Processes that ended in a way that nobody had in store for them."""
        for world, size in sizes.items():
            for _ in range(size):
                self._start(world)
        self._insisting = False

    @property
    def untested(self) -> list[Failpoint]:
        """Failpoints at which nobody died yet."""
        return [point for point in Failpoint if not self._died[point]]

    def hit_the_rest(self, lot: float) -> str:
        """Kill one that is of no use for the failpoints left, and arm each that starts from now on; returns its name."""
        self._insisting = True
        useless = [member for member in self._able() if member.armed not in self.untested]
        return self._kill(useless[int(lot * len(useless))]) if useless else "nobody"

    def look_after(self) -> None:
        """Start another process for each that is gone, and end those that should be."""
        for member in [one for one in self.members if one.leaves and _overdue(one)]:
            self.unclean.append(f"{member.name} did not stop within {STOP_S:.0f} s, {member.leaves}")
            self._kill(member)
        for member in [one for one in self.members if one.process.poll() is not None]:
            self.members.remove(member)
            self._note_end(member)
            self._start(member.world)

    def restart(self, lot: float, ready: Collection[str], amid: Amid) -> str:
        """SIGTERM one of these, and return its name, or "" if there is none; another follows when it is gone.

        Rather one that nothing else is in store for, so that it lives to its end.
        """
        unarmed = [member.name for member in self.members if member.armed is None]
        member = self._pick(lot, set(ready).intersection(unarmed)) or self._pick(lot, ready)
        if member is None:
            return ""
        member.leaves, member.told_at = amid, time.monotonic()
        member.process.terminate()
        return member.name

    def kill(self, lot: float, working: Collection[str]) -> str:
        """Kill -9 the one that the lot falls on, and return its name.

        Nobody is killed, and "" returned, if it falls on one that has not begun to work: that would test nothing, and
        on a busy machine nobody would ever begin.
        """
        member = self._pick(lot, {member.name for member in self.members})
        return self._kill(member) if member and member.name in working else ""

    def kill_for_good(self, member: Member) -> Kill:
        """Kill -9 this one; nobody takes its place."""
        kill = Kill(member.name, time.monotonic())
        member.process.kill()
        member.process.wait()
        self.members.remove(member)
        return kill

    def suspend(self, lot: float, working: Collection[str]) -> Member | None:
        """SIGSTOP one that has begun to work."""
        member = self._pick(lot, working)
        if member is not None:
            member.process.send_signal(signal.SIGSTOP)
            member.frozen = True
            self.suspensions += 1
        return member

    def resume(self, member: Member) -> None:
        """SIGCONT it."""
        member.process.send_signal(signal.SIGCONT)
        member.frozen = False

    def calm_down(self) -> None:
        """Nobody dies from now on, of those that run and of those to come."""
        self._arming = False
        self._orders.calm.touch()
        for member in self.members:
            if member.frozen:
                self.resume(member)

    def stop(self) -> float:
        """SIGTERM all; notes who does not end well; returns the seconds that the slowest took."""
        began = time.monotonic()
        for member in self.members:
            if not member.leaves:
                member.process.terminate()
        for member in self.members:
            try:
                code = member.process.wait(max(0.1, began + STOP_S - time.monotonic()))
            except subprocess.TimeoutExpired:
                self.unclean.append(f"{member.name} did not stop within {STOP_S:.0f} s")
            else:
                if code != 0:
                    self.unclean.append(f"{member.name} stopped with {code}")
        took_s = time.monotonic() - began
        self.kill_all()
        return took_s

    def kill_all(self) -> None:
        """Leave nobody behind."""
        for member in self.members:
            member.process.kill()
            member.process.wait()
        self.members.clear()
        self._guard.end()

    def run_logs(self) -> list[Path]:
        """What was noted, by everybody there ever was."""
        return sorted(self._folder.glob("*.jsonl"))

    def _note_end(self, member: Member) -> None:
        code = member.process.returncode
        if member.leaves and code == 0:
            self.restarts.append(Restart(member.name, member.leaves, time.monotonic() - member.told_at))
        elif code != -signal.SIGKILL:
            told = f" after it was told to stop {member.leaves}" if member.leaves else ""
            self.unclean.append(f"{member.name} ended with {code}{told}")
        elif member.armed is not None and member.name not in {kill.process for kill in self.kills}:
            self._died[member.armed] += 1

    def _kill(self, member: Member) -> str:
        self.kills.append(Kill(member.name, time.monotonic()))
        member.process.kill()
        member.process.wait()
        return member.name

    def _pick(self, lot: float, working: Collection[str]) -> Member | None:
        able = [member for member in self._able() if member.name in working]
        return able[int(lot * len(able))] if able else None

    def _able(self) -> list[Member]:
        return [one for one in self.members if not (one.frozen or one.leaves) and one.process.poll() is None]

    def _start(self, world: World) -> None:
        self._numbers[world] += 1
        name = f"{world}-{self._numbers[world]}"
        point = self._arm()
        orders = dataclasses.replace(
            self._orders,
            world=world,
            run_log=self._folder / f"{name}.jsonl",
            die_at=point,
            die_after=self._chance.randint(1, DIE_AFTER[world]) if point in OFTEN_PASSED else 1,
        )
        orders.run_log.touch()
        with (self._folder / f"{name}.log").open("wb") as log:
            command = [sys.executable, "-m", f"tests.chaos.work_{world}", orders.to_json()]
            process = self._guard.start(command, cwd=ROOT, stdout=log, stderr=log)
        self.members.append(Member(name, world, process, point))

    def _arm(self) -> Failpoint | None:
        """The failpoint at which the fewest died, of those the one chosen least often."""
        if not self._arming or (self._chance.random() > ARMED_PART and not self._insisting):
            return None
        points = self._chance.sample(list(Failpoint), len(Failpoint))
        point = min(points, key=lambda one: (self._died[one], self._armed[one]))
        self._armed[point] += 1
        return point


def _overdue(member: Member) -> bool:
    return member.process.poll() is None and time.monotonic() - member.told_at > STOP_S
