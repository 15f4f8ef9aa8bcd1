"""Commands against servers that are not there: one clear line and exit code 2, ten seconds after start at the latest."""

import os
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SHAPE = "KAFKA_BOOTSTRAP holds 'host:abc': give host:port"
NOBODY = "127.0.0.1:9"  # the discard service's port: nobody listens there
SLACK_S = 5.0
"""Six commands at once on a busy machine; what is measured begins when the program is loaded."""
PROGRAM = """
import sys
from lyceum_devstack.cli import COMMANDS, OWN, main
from importlib.metadata import entry_points
for offer in (*OWN, *entry_points(group=COMMANDS)):
    offer.load()
print("loaded", flush=True)
sys.exit(main(sys.argv[1:]))
"""

COMMANDS: dict[str, tuple[list[str], dict[str, str], str]] = {
    "demo, no Kafka": (["demo"], {"KAFKA_BOOTSTRAP": NOBODY}, NOBODY),
    "demo, no MongoDB": (["demo"], {"MONGODB_URI": f"mongodb://{NOBODY}"}, NOBODY),
    "demo, wrong address": (["demo"], {"MONGODB_URI": "nonsense"}, "must start with mongodb://"),
    "demo, no address of Kafka": (
        ["demo"],
        {"KAFKA_BOOTSTRAP": "host:abc", "MONGODB_URI": f"mongodb://{NOBODY}"},
        SHAPE,
    ),
    "trainers import": (
        ["trainers", "import", str(EXAMPLES / "trainers.csv")],
        {"MONGODB_URI": f"mongodb://{NOBODY}"},
        NOBODY,
    ),
    "purchases publish": (
        ["purchases", "publish", str(EXAMPLES / "purchases.jsonl")],
        {"KAFKA_BOOTSTRAP": NOBODY},
        NOBODY,
    ),
    "dlq list": (["dlq", "list"], {"KAFKA_BOOTSTRAP": NOBODY}, NOBODY),
    "dlq list, wrong address": (["dlq", "list"], {"KAFKA_BOOTSTRAP": "host:abc"}, SHAPE),
    "allocations list": (["allocations", "list"], {"MONGODB_URI": f"mongodb://{NOBODY}"}, NOBODY),
}


class Ended(NamedTuple):
    code: int
    seconds: float
    err: str


@pytest.fixture(scope="module")
def ended() -> dict[str, Ended]:
    """Every command, all at once: they only wait."""
    results: dict[str, Ended] = {}
    threads = [Thread(target=lambda name=name: results.update({name: _run(name)})) for name in COMMANDS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def _run(name: str) -> Ended:
    arguments, environment, _ = COMMANDS[name]
    kept = {key: value for key, value in os.environ.items() if key not in {"MONGODB_URI", "KAFKA_BOOTSTRAP"}}  # noqa: TID251 - handed on
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        env=kept | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    process.stdout.readline()
    loaded = time.monotonic()
    _, err = process.communicate(timeout=60)
    return Ended(process.returncode, time.monotonic() - loaded, err)


@pytest.mark.parametrize("name", COMMANDS)
def test_it_gives_up_in_time_with_one_line(ended: dict[str, Ended], name: str) -> None:
    code, seconds, err = ended[name]
    assert code == 2, err
    assert seconds < 10 + SLACK_S
    assert err.startswith("error: "), err
    assert err.count("\n") == 1, err
    assert COMMANDS[name][2] in err
    assert "Traceback" not in err
