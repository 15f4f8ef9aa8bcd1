"""A worker told to stop while its broker is frozen or dead: it ends within its deadline and leaves nothing open."""

import asyncio
import secrets
import time
from datetime import timedelta

import pytest

from keylane import KafkaSettings, MemoryInbox, Message, TopicSpec, Worker, ensure_topics
from keylane.kafka import KafkaBroker
from keylane.testing import Rig
from keylane.testing import until as until_async
from real_servers import Server

pytestmark = pytest.mark.wire

STOP_SECONDS = 3.0
CLIENT = ("Kafka", "Coordinator", "Fetcher", "Sender")


def client_tasks() -> set[str]:
    """Tasks of the Kafka client that are still running."""
    coroutines = (repr(task.get_coro()) for task in asyncio.all_tasks() if task is not asyncio.current_task())
    return {coroutine for coroutine in coroutines if any(part in coroutine for part in CLIENT)}


async def rig_on(broker: Server) -> Rig:
    settings = KafkaSettings(
        bootstrap_servers=broker.address,
        session_timeout=timedelta(seconds=2),
        heartbeat_interval=timedelta(milliseconds=300),
        drain_timeout=timedelta(seconds=1),
        stop_timeout=timedelta(seconds=STOP_SECONDS),
        request_timeout=timedelta(seconds=2),
        commit_interval=timedelta(milliseconds=20),
    )
    kafka = KafkaBroker(settings)
    name = f"stop-{secrets.token_hex(4)}"
    rig = Rig(kafka, settings, name, kafka.publisher(), group=f"{name}-group")
    source = TopicSpec(name, partitions=4)
    await ensure_topics(settings, [source, source.dead_letters(rig.group), source.replays(rig.group)])
    return rig


async def at_work(rig: Rig) -> tuple[Worker, asyncio.Task[None]]:
    """A worker in all that can hold it up: a handler on the loop, one in a thread, a letter that is to be written."""
    begun: set[str] = set()

    async def on_loop(message: Message) -> None:
        begun.add(message.id)
        await asyncio.Event().wait()

    def in_thread(message: Message) -> None:
        begun.add(message.id)
        time.sleep(STOP_SECONDS * 0.4)

    def hopeless(message: Message) -> None:
        begun.add(message.id)
        raise ValueError("its letter may not be written")

    handlers = {"async": on_loop, "sync": in_thread, "hopeless": hopeless}
    for type_ in handlers:
        await rig.publish(type_, key=type_, type_=type_, data={})
    await rig.publisher.close(timeout_s=1)
    worker = rig.worker(handlers, inbox=MemoryInbox())
    running = asyncio.create_task(worker.run())
    await until_async(lambda: len(begun) == len(handlers))
    return worker, running


@pytest.mark.parametrize("state", ["frozen", "killed"])
async def test_a_stop_keeps_its_deadline_while_the_broker_is_away(broker: Server, state: str) -> None:
    worker, running = await at_work(await rig_on(broker))
    if state == "frozen":
        broker.freeze()
    else:
        broker.kill()
    began = time.monotonic()
    await worker.stop()
    took = time.monotonic() - began
    await running

    assert took < STOP_SECONDS + 1
    assert client_tasks() == set()
