"""No process of a rehearsal outlives it, however it ends and whatever state they are in."""

import signal
import subprocess
import sys
from pathlib import Path

from .guard import Guard

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 20.0
PROGRAM = """
import os, signal, subprocess, sys
from tests.chaos.guard import Guard
guard = Guard()
for _ in range(2):
    # The kernel itself hangs up on groups that are left alone with somebody suspended: these do not heed it.
    child = guard.start(["/bin/sh", "-c", "trap '' HUP; sleep 600"], stdout=sys.stdout)
child.send_signal(signal.SIGSTOP)
os.waitpid(child.pid, os.WUNTRACED)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_running_and_suspended_workers_die_with_a_program_that_is_killed() -> None:
    program = subprocess.Popen([sys.executable, "-c", PROGRAM], cwd=ROOT, stdout=subprocess.PIPE)

    # Its output ends when the last process that holds it is gone.
    said, _ = program.communicate(timeout=PATIENCE_S)

    assert (program.returncode, said) == (-signal.SIGKILL, b"")


def test_whoever_is_left_dies_when_the_guard_is_told_to_end() -> None:
    guard = Guard()
    child = guard.start(["/bin/sh", "-c", "sleep 600"])
    child.send_signal(signal.SIGSTOP)

    guard.end()
    guard.end()
    assert child.wait(PATIENCE_S) == -signal.SIGKILL
