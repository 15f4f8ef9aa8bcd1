"""What a worker process is told: where its servers are, what to note, where to die, and what to do wrong."""

import dataclasses
import json
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from keylane import KafkaSettings
from keylane.testing import Failpoint

ENTRY = "ledger.entry"
"""Event type of the ledger, handled in a thread."""
ENTRY_ON_LOOP = "ledger.entry.on_loop"
"""The same, handled on the event loop."""
SESSION = timedelta(seconds=2)
HEARTBEAT = timedelta(milliseconds=400)
LEASE = timedelta(seconds=2)
DRAIN = timedelta(seconds=1)
STOP = timedelta(seconds=10)


class World(StrEnum):
    """Who works: a plain keylane worker, or the allocation worker's own program."""

    LEDGER = "ledger"
    ALLOCATION = "allocation"


class Broken(StrEnum):
    """Defects built into the workers on purpose, to see the judge find them."""

    NO_INBOX = "no-inbox"
    """No shared memory of what is done, and effects without a key: a worker with no idempotency at all."""
    UNKEYED = "unkeyed"
    """Effects without a key: those between which and their mark the process dies happen twice."""
    EAGER_COMMIT = "eager-commit"
    """Offsets are committed as soon as records are fetched."""
    NO_ORDER = "no-order"
    """Events of one key run side by side."""
    FORGETFUL = "forgetful"
    """Failed attempts are not counted in the store."""
    LOST_LETTERS = "lost-letters"
    """Dead letters are never sent, though the worker is told that they were."""
    ALTERED_LETTERS = "altered-letters"
    """Dead letters are sent with another value."""
    OVERBOOKED = "overbooked"
    """Three seats are taken where one was free."""
    UNTIDY = "untidy"
    """Nobody sweeps or reconciles: what a killed worker leaves stays."""
    COUNTS_CUTS = "counts-cuts"
    """A run that a hand-over cuts off is counted as a failed attempt."""
    CLINGING = "clinging"
    """Claims are kept and renewed where they should be given back."""
    DEAF = "deaf"
    """SIGTERM is not heeded."""
    LAST_FIRST = "last-first"
    """Of those who wait for a seat, whoever came last is served first."""


@dataclass(frozen=True)
class Orders:
    """To one worker process.

    Attributes:
        world: Who works.
        bootstrap: Of the broker.
        uri: Of the database, by way of the proxy.
        name: Of the deployment: what its topics, group and database are called by.
        run_log: File to note facts in.
        calm: A file: once it is there, nobody dies by a failpoint any more.
        die_at: The failpoint to die at; None to live.
        die_after: At which passage of it.
        broken: What to do wrong.
    """

    world: World
    bootstrap: str
    uri: str
    name: str
    run_log: Path
    calm: Path
    die_at: Failpoint | None = None
    die_after: int = 1
    broken: Broken | None = None

    @property
    def ledger_topic(self) -> str:
        """Of the plain worker."""
        return f"{self.name}.ledger"

    @property
    def ledger_group(self) -> str:
        """Of the plain worker."""
        return f"{self.name}.bookkeeper"

    @property
    def allocation_group(self) -> str:
        """Of the allocation worker."""
        return f"{self.name}.allocation-worker"

    @property
    def kafka(self) -> KafkaSettings:
        """Short sessions, so that takeovers are many."""
        return KafkaSettings(
            bootstrap_servers=self.bootstrap,
            session_timeout=SESSION,
            heartbeat_interval=HEARTBEAT,
            drain_timeout=DRAIN,
            stop_timeout=STOP,
            request_timeout=timedelta(seconds=3),
            metadata_max_age=timedelta(seconds=5),
        )

    def to_json(self) -> str:
        """As an argument of a command line."""
        return json.dumps(dataclasses.asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> "Orders":
        """As it was given."""
        raw = json.loads(text)
        return cls(
            world=World(raw["world"]),
            bootstrap=raw["bootstrap"],
            uri=raw["uri"],
            name=raw["name"],
            run_log=Path(raw["run_log"]),
            calm=Path(raw["calm"]),
            die_at=Failpoint(raw["die_at"]) if raw["die_at"] else None,
            die_after=raw["die_after"],
            broken=Broken(raw["broken"]) if raw["broken"] else None,
        )
