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
from .orders import Broken, World
from .report import Verdict
from .stage import stage

SHORT_S = 36.0
CALM_S = 30.0
COULD_NOT_START = 2


def main() -> int:
    """Exit code: 0 when nothing was broken and everything was tested, 1 otherwise, 2 when a server cannot be had."""
    given = _parser().parse_args()
    signal.signal(signal.SIGTERM, _leave)
    seed = given.seed if given.seed is not None else secrets.randbelow(1_000_000)
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    seconds = given.minutes * 60 if given.minutes else given.seconds
    sizes = {World.LEDGER: given.workers, World.ALLOCATION: given.workers}
    plan = Plan(seed, seconds, given.calm, sizes, Broken(given.broken) if given.broken else None, folder)
    sys.stderr.write(f"chaos: seed {seed}, faults for {seconds:g} s, notes in {folder}\n")
    began = time.monotonic()
    try:
        with stage() as servers:
            verdict = Verdict(Conductor(servers, plan).run())
    except ServersError as error:
        sys.stderr.write(f"chaos: error: {error}\n")
        return COULD_NOT_START
    _print(verdict, seed, time.monotonic() - began)
    if verdict.red:
        sys.stdout.write(f"RED: {', '.join(verdict.red)}; what the workers noted and logged is in {folder}\n")
        return 1
    shutil.rmtree(folder)
    sys.stdout.write("GREEN\n")
    return 0


def _print(verdict: Verdict, seed: int, seconds: float) -> None:
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    sys.stdout.write("".join(f"{line}\n" for line in ("", *verdict.lines())))
    sys.stdout.write(f"seed {seed}, {seconds:.0f} s in all, {machine}\n")


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
    parser.add_argument("--calm", type=float, default=CALM_S, help="seconds to come to rest in (default %(default)s)")
    parser.add_argument("--workers", type=int, default=3, help="processes of each kind (default %(default)s)")
    parser.add_argument("--broken", choices=list(Broken), help="build a defect in, to see the judge find it")
    return parser


if __name__ == "__main__":
    sys.exit(main())
