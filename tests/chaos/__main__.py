"""`python -m tests.chaos`: kill, suspend and cut off real workers on real servers, then judge what is left."""

import argparse
import os
import platform
import secrets
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

from real_servers import ServersError

from .conductor import Conductor, Plan
from .controls import missed
from .orders import Broken, World
from .report import Verdict
from .stage import Stage, stage

SHORT_S = 36.0
CALM_S = 30.0
CONTROL_S, CONTROL_CALM_S = 20.0, 12.0
SHORTEST_LONG_S, LONGEST_S = 4.0, 15.0
COULD_NOT_START = 2


def main() -> int:
    """Exit code: 0 when nothing was broken and everything was tested, 1 otherwise, 2 when a server cannot be had."""
    given = _parser().parse_args()
    signal.signal(signal.SIGTERM, _leave)
    try:
        with stage() as servers:
            return _controls(servers, given) if given.controls else _rehearse(servers, given)
    except ServersError as error:
        sys.stderr.write(f"chaos: error: {error}\n")
        return COULD_NOT_START


def _rehearse(servers: Stage, given: argparse.Namespace) -> int:
    seconds = given.minutes * 60 if given.minutes else given.seconds
    calm_s = given.calm or CALM_S + 2 * longest_run_s(seconds)
    plan = _plan(given, seconds, calm_s, Broken(given.broken) if given.broken else None)
    verdict = _verdict(servers, plan)
    if verdict.red:
        sys.stdout.write(f"RED: {', '.join(verdict.red)}; what the workers noted and logged is in {plan.folder}\n")
        return 1
    shutil.rmtree(plan.folder)
    sys.stdout.write("GREEN\n")
    return 0


def _controls(servers: Stage, given: argparse.Namespace) -> int:
    """Each defect in turn; 0 when the judge finds what it must of every one."""
    outcomes = []
    for broken in Broken:
        plan = _plan(given, CONTROL_S, CONTROL_CALM_S, broken)
        verdict = _verdict(servers, plan)
        shutil.rmtree(plan.folder)
        outcomes.append((broken, verdict, missed(broken, verdict.red)))
    for broken, verdict, unseen in outcomes:
        found = ", ".join(f"{charge} {count}" for charge, count in verdict.totals.items() if count)
        sys.stdout.write(f"{broken:16} {'MISSED ' + ', '.join(unseen) if unseen else 'found'}: {found}\n")
    return 1 if any(unseen for _, _, unseen in outcomes) else 0


def _verdict(servers: Stage, plan: Plan) -> Verdict:
    began = time.monotonic()
    built_in = f", built in: {plan.broken}" if plan.broken else ""
    sys.stderr.write(f"chaos: seed {plan.seed}, faults for {plan.seconds:g} s, notes in {plan.folder}{built_in}\n")
    verdict = Verdict(Conductor(servers, plan).run())
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    sys.stdout.write("".join(f"{line}\n" for line in ("", *verdict.lines())))
    sys.stdout.write(f"seed {plan.seed}, {time.monotonic() - began:.0f} s without the servers' start, {machine}\n")
    sys.stdout.flush()
    return verdict


def _plan(given: argparse.Namespace, seconds: float, calm_s: float, broken: Broken | None) -> Plan:
    seed = given.seed if given.seed is not None else secrets.randbelow(1_000_000)
    sizes = {World.LEDGER: given.workers, World.ALLOCATION: given.workers}
    longest_s = longest_run_s(seconds)
    return Plan(seed, seconds, calm_s, sizes, broken, Path(tempfile.mkdtemp(prefix="chaos-")), longest_s)


def longest_run_s(seconds: float) -> float:
    """The longest run of a handler, by how long faults last: past the drain's time, or past the whole stop's."""
    return min(LONGEST_S, max(SHORTEST_LONG_S, seconds / 12))


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Turn SIGTERM into an ordinary exit, so that workers and servers are ended on the way out."""
    sys.exit(128 + signal.SIGTERM)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos", description=__doc__, epilog="Example: python -m tests.chaos --minutes 10 --seed 7"
    )
    parser.add_argument("--seed", type=int, help="of the schedule and the events; printed, drawn when not given")
    parser.add_argument("--seconds", type=float, default=SHORT_S, help="faults for so long (default %(default)s)")
    parser.add_argument("--minutes", type=float, help="the same in minutes, for the long form")
    parser.add_argument(
        "--calm", type=float, help=f"seconds to come to rest in (default {CALM_S:g} and two of the longest runs)"
    )
    parser.add_argument("--workers", type=int, default=3, help="processes of each kind (default %(default)s)")
    defects = [broken.value for broken in Broken]
    parser.add_argument(
        "--broken",
        choices=defects,
        metavar="DEFECT",
        help=f"build a defect in, to see the judge find it: {', '.join(defects)}",
    )
    parser.add_argument("--controls", action="store_true", help="every defect in turn: does the judge find each?")
    return parser


if __name__ == "__main__":
    sys.exit(main())
