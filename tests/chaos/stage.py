"""The servers of a rehearsal and what must exist on them before anybody works."""

import asyncio
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from pymongo import MongoClient

from allocation_worker import main as allocation_worker
from keylane import KafkaSettings, TopicSpec, Worker, ensure_topics
from keylane.mongo import MongoInbox
from lyceum_allocation import CapacityRepository
from lyceum_allocation.testing import trainer
from lyceum_database import close, connect
from real_servers import Proxy, Server, ServersError, ServerSettings, kafka_server, mongo_server

from .events import ACCOUNTS, TRAINERS
from .orders import Orders
from .work_allocation import settings_of

PARTITIONS = 6


@dataclass
class Stage:
    """Both servers; clients of the database that are to suffer go by way of the proxy."""

    broker: Server
    store: Server
    proxy: Proxy
    outside: MongoClient[dict[str, Any]] = field(repr=False)
    """Past the proxy: for looking."""

    @property
    def bootstrap(self) -> str:
        """Of the broker."""
        return self.broker.address

    @property
    def uri(self) -> str:
        """Of the database, by way of the proxy."""
        return f"mongodb://127.0.0.1:{self.proxy.port}/?directConnection=true"


@contextmanager
def stage() -> Iterator[Stage]:
    """Servers of one's own, gone afterwards with all that they hold."""
    with kafka_server() as broker, mongo_server() as store, Proxy(urlsplit(store.address).port or 0) as proxy:
        client: MongoClient[dict[str, Any]] = MongoClient(store.address, tz_aware=True, timeoutMS=3_000)
        with client:
            try:
                yield Stage(broker, store, proxy, client)
            except ServersError:
                _keep_logs(broker, store)
                raise


def _keep_logs(*servers: Server) -> None:
    """The servers' folders are removed on the way out."""
    logs = ServerSettings.from_environment().logs
    logs.mkdir(parents=True, exist_ok=True)
    kept = [str(shutil.copy(server.log, logs)) for server in servers]
    sys.stderr.write(f"chaos: server logs: {' '.join(kept)}\n")


def set_up(orders: Orders, outside: MongoClient[dict[str, Any]], *, seats_each: int) -> None:
    """Carry out the deploy steps of both worlds, open the accounts, hire the trainers."""
    asyncio.run(ensure_topics(KafkaSettings(bootstrap_servers=orders.bootstrap), ledger_topics(orders)))
    for step in ("topics", "indexes"):
        asyncio.run(allocation_worker.deploy(step, settings_of(orders)))
    close()
    MongoInbox(outside[orders.name].ledger_inbox).create_indexes()
    outside[orders.name].accounts.insert_many([{"_id": f"account-{n}", "entries": []} for n in range(ACCOUNTS)])
    with allocation_database(orders):
        for number in range(TRAINERS):
            CapacityRepository().insert(trainer(f"trainer-{number}", capacity=seats_each))


@contextmanager
def allocation_database(orders: Orders) -> Iterator[None]:
    """The allocation library's own connection, for a while."""
    connect(settings_of(orders).mongo)
    try:
        yield
    finally:
        close()


def ledger_topics(orders: Orders) -> list[TopicSpec]:
    """Whatever the plain worker says it needs."""
    topic = TopicSpec(orders.ledger_topic, PARTITIONS)
    probe: Any = MongoInbox(MongoClient(connect=False).nowhere.inbox)
    needed = Worker(orders.ledger_group, [topic.name], {"any": print}, inbox=probe).needed_topics
    letters = topic.dead_letters(orders.ledger_group)
    return [letters if name == letters.name else TopicSpec(name, PARTITIONS) for name in needed]
