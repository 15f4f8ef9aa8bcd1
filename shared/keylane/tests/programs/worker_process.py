"""A worker in a process of its own, to be killed: its effects are files named by message id, its runs lines of a log.

Usage: worker_process.py BOOTSTRAP TOPIC GROUP FOLDER [MONGODB_URI]
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from keylane import Inbox, KafkaSettings, MemoryInbox, Message, Worker
from keylane.mongo import MongoInbox
from keylane.testing import mock_broker


def main() -> None:
    bootstrap, topic, group, folder, *uri = sys.argv[1:]
    asyncio.run(work(bootstrap, topic, group, Path(folder), uri[0] if uri else None))


async def work(bootstrap: str, topic: str, group: str, folder: Path, uri: str | None) -> None:
    log = os.open(folder / "runs", os.O_APPEND | os.O_CREAT | os.O_WRONLY)

    def handle(message: Message) -> None:
        os.write(log, f"{os.getpid()} {(message.key or b'').decode()} {message.data['n']} {message.attempt}\n".encode())
        time.sleep(0.01)
        (folder / f"effect-{message.id}").open("x").close()

    def idempotent(message: Message) -> None:
        try:
            handle(message)
        except FileExistsError:
            (folder / f"repeat-{message.id}").touch()

    settings = KafkaSettings(
        bootstrap_servers=bootstrap,
        session_timeout=timedelta(seconds=2),
        heartbeat_interval=timedelta(milliseconds=300),
        drain_timeout=timedelta(seconds=1),
        stop_timeout=timedelta(seconds=5),
        commit_interval=timedelta(milliseconds=50),
    )
    worker = Worker(
        group,
        [topic],
        {"made": idempotent},
        inbox=inbox(uri, group),
        settings=settings,
        broker=mock_broker(settings),
        concurrency=4,
        lease=timedelta(seconds=2),
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.request_stop)
    await worker.run()


def inbox(uri: str | None, database: str) -> Inbox:
    if uri is None:
        return MemoryInbox()
    client: Any = MongoClient(uri, tz_aware=True)
    stored = MongoInbox(client[database.replace("-", "_")].inbox)
    stored.create_indexes()
    return stored


if __name__ == "__main__":
    main()
