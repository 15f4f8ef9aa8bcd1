"""One deployment of the platform on real servers, under names of its own: tests share servers and nothing else."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pymongo import MongoClient

from allocation_worker import main as allocation_worker
from allocation_worker.settings import WorkerSettings
from keylane import KafkaSettings
from lyceum_allocation import CapacityRepository, allocation_id
from lyceum_allocation.audit import violations
from lyceum_allocation.testing import trainer
from lyceum_contracts import ALLOCATION_WORKER, DEFAULT_ORG, PURCHASES, Envelope, PurchaseCreated, Record, encode
from lyceum_database import MongoSettings, close, connect

from . import log

WAIT_SECONDS = 40.0
SESSION = timedelta(seconds=6)
"""The shortest that a broker takes by default: a killed worker's partitions are free after it."""
HEARTBEAT = timedelta(seconds=1)
LEASE = timedelta(seconds=3)


@dataclass(frozen=True)
class Deployment:
    """Addresses, the name that everything of this deployment carries, and what an outsider can see of it."""

    bootstrap: str
    uri: str
    name: str
    socket_timeout_ms: int = 20_000
    """How long a worker in this process waits for an answer of the database before it calls it away."""

    @property
    def prefix(self) -> str:
        return f"{self.name}."

    @property
    def group(self) -> str:
        return f"{self.prefix}{ALLOCATION_WORKER}"

    @property
    def purchases(self) -> str:
        return f"{self.prefix}{PURCHASES.name}"

    @property
    def environment(self) -> dict[str, str]:
        """What the worker's program is given."""
        inherited = dict(os.environ)  # noqa: TID251 - a child needs this process's environment and more
        inherited.pop("COLUMNS", None)  # lines of commands as long as they like, whoever runs the tests
        return inherited | {
            "KAFKA_BOOTSTRAP": self.bootstrap,
            "KAFKA_TOPIC_PREFIX": self.prefix,
            "KAFKA_GROUP": self.group,
            "KAFKA_SESSION_TIMEOUT_SECONDS": str(SESSION.total_seconds()),
            "KAFKA_HEARTBEAT_INTERVAL_SECONDS": str(HEARTBEAT.total_seconds()),
            "INBOX_LEASE_SECONDS": str(LEASE.total_seconds()),
            "SWEEP_INTERVAL_SECONDS": "2",
            "RECONCILE_INTERVAL_SECONDS": "2",
            "MONGODB_URI": self.uri,
            "MONGODB_DATABASE": self.name,
        }

    @property
    def mongo(self) -> MongoSettings:
        return MongoSettings(uri=self.uri, database=self.name, socket_timeout_ms=self.socket_timeout_ms)

    @property
    def settings(self) -> WorkerSettings:
        """The same for a worker in this process."""
        kafka = KafkaSettings(bootstrap_servers=self.bootstrap, session_timeout=SESSION, heartbeat_interval=HEARTBEAT)
        return WorkerSettings(
            mongo=self.mongo,
            kafka=kafka,
            group=self.group,
            topic_prefix=self.prefix,
            inbox_lease=LEASE,
            sweep_interval=timedelta(seconds=2),
        )

    def deploy(self, **seats: int) -> None:
        """Carry out the deploy steps, and hire trainers with so many seats each."""
        self.create_topics()
        self.create_indexes()
        with self.connected():
            for name, capacity in seats.items():
                CapacityRepository().insert(trainer(name, capacity=capacity))

    def create_topics(self) -> None:
        asyncio.run(allocation_worker.deploy("topics", self.settings))

    def create_indexes(self) -> None:
        with self.connected():
            asyncio.run(allocation_worker.deploy("indexes", self.settings))

    def program(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the worker's program to its end."""
        command = [sys.executable, "-m", "allocation_worker", *arguments]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False, timeout=WAIT_SECONDS
        )

    def publish(self, *purchases: PurchaseCreated) -> list[Record]:
        """Publish events, each under its purchase's id, and give back what went into the log."""
        records = []
        for purchase in purchases:
            record = encode(purchase, Envelope(id=event_id(purchase), source="/tests", time=purchase.paid_at))
            records.append(Record(self.purchases, record.key, record.value, record.headers))
        log.publish(self.bootstrap, records)
        return records

    def dead_letters(self) -> list[Record]:
        return log.read(self.bootstrap, f"{self.purchases}.{self.group}.dlq")

    def assigned(self) -> dict[str, str]:
        """Allocation -> trainer, of all that are assigned."""
        return {
            found["_id"]: found["trainer_id"] for found in self.stored("allocations") if found["state"] == "ASSIGNED"
        }

    def holders(self, purchase: PurchaseCreated) -> list[str]:
        """The trainers who hold a seat for this purchase; a trainer with two seats for it is named twice."""
        wanted = allocation_of(purchase)
        return [
            capacity["_id"]
            for capacity in self.stored("trainer_capacity")
            for seat in capacity["seats"]
            if seat["k"].startswith(f"{wanted}:")
        ]

    def broken_promises(self) -> list[str]:
        """What the stored data break, with nobody at work."""
        with self.connected():
            return violations(at_rest=True)

    def stored(self, collection: str) -> list[dict[str, Any]]:
        """The raw documents of a collection."""
        client: MongoClient[dict[str, Any]] = MongoClient(self.uri, timeoutMS=5000)
        with client:
            return list(client[self.name][collection].find())

    @contextmanager
    def connected(self) -> Iterator[None]:
        connect(self.mongo)
        try:
            yield
        finally:
            close()


def event_id(purchase: PurchaseCreated) -> str:
    return f"event-{purchase.purchase_id}"


def allocation_of(purchase: PurchaseCreated) -> str:
    return allocation_id(DEFAULT_ORG, purchase.student_id, purchase.course_id)


def until(condition: Callable[[], bool], what: str, *, seconds: float = WAIT_SECONDS) -> None:
    """Return as soon as `condition` holds; fail with `what` was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain for: {what}"
        time.sleep(0.05)
