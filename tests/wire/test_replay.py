"""The fifth scenario: what failed five times is one dead letter, and its replay is allocated. With the real commands."""

import json
import subprocess
import sys
from datetime import timedelta

import pytest

from keylane import RetryPolicy
from lyceum_allocation.testing import purchase

from . import log
from .deployment import WAIT_SECONDS, Deployment, event_id, until
from .running import Failing, in_process

pytestmark = pytest.mark.wire

SWIFT = RetryPolicy(base=timedelta(milliseconds=50))


def lyceum_dlq(deployment: Deployment, *arguments: str) -> str:
    """Run `lyceum dlq` as an operator of this deployment does, and give back what it printed."""
    ended = subprocess.run(
        [sys.executable, "-m", "lyceum_devstack", "dlq", *arguments],
        env=deployment.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=WAIT_SECONDS,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_five_failures_are_one_dead_letter_and_its_replay_is_allocated(deployment: Deployment) -> None:
    deployment.deploy(ada=3)
    failing = Failing(5)
    doomed, neighbour = purchase("p1", student="s1"), purchase("p2", student="s2")
    replays = f"{deployment.purchases}.{deployment.group}.replay"

    with in_process(deployment, failing, SWIFT) as program:
        (record,) = deployment.publish(doomed)
        until(lambda: program.worker.counts.dead == 1, "the dead letter")
        failing.forgive()

        letter = json.loads(lyceum_dlq(deployment, "list", "--json"))
        assert (letter["message_id"], letter["state"], letter["attempts"]) == (event_id(doomed), "open", 5)
        shown = lyceum_dlq(deployment, "show", letter["id"][:12])
        assert "RuntimeError: failure 5 on purpose" in shown
        assert "Traceback (most recent call last):" in shown

        assert "Nothing was changed" in lyceum_dlq(deployment, "replay", "--all")
        assert log.read(deployment.bootstrap, replays) == []
        assert deployment.stored("dead_letters") == []

        asked = ("replay", "--all", "--apply", "--actor", "ada", "--why", "it was on purpose")
        assert "Done with 1 letter in run " in lyceum_dlq(deployment, *asked)
        until(lambda: len(deployment.assigned()) == 1, "the replayed purchase to be allocated")
        until(lambda: program.worker.counts.done == 1, "its end to be noted")
        assert lyceum_dlq(deployment, "list") == "0 dead letters.\n"
        again = lyceum_dlq(deployment, "replay", letter["id"], "--apply", "--force")
        assert "its message is done, a replay changes nothing (replayed by ada at " in again

        deployment.publish(neighbour, doomed)
        until(lambda: len(deployment.assigned()) == 2, "the neighbour to be allocated")

    (replayed,) = log.read(deployment.bootstrap, replays)
    assert (replayed.key, replayed.value) == (record.key, record.value)
    assert replayed.headers[: len(record.headers)] == record.headers
    assert len(deployment.dead_letters()) == 1
    assert failing.runs[event_id(doomed)] == [1, 2, 3, 4, 5, 1]
    assert len(deployment.holders(doomed)) == 1
    (mark,) = deployment.stored("dead_letters")
    assert (mark["actor"], mark["why"], mark["state"]) == ("ada", "it was on purpose", "replayed")
    assert deployment.broken_promises() == []
