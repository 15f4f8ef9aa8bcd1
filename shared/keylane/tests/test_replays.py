"""The replay topic of a group: one more source that this group reads, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keylane import Message, replay_topic
from keylane.testing import until

if TYPE_CHECKING:
    from keylane.testing import Rig

HEADERS = (("ce_id", b"again"), ("ce_type", b"made"))


async def test_what_is_published_to_the_replay_topic_is_processed(rig: Rig) -> None:
    seen: list[tuple[str, str]] = []

    async def handle(message: Message) -> None:
        seen.append((message.id, message.topic))

    await (await rig.publisher.send(rig.replay_topic, key=b"k", value=b"{}", headers=HEADERS))
    worker = rig.start({"made": handle})
    await until(lambda: worker.counts.done == 1)

    assert seen == [("again", replay_topic(rig.topic, rig.group))]


async def test_a_replay_of_what_is_done_is_a_no_op(rig: Rig) -> None:
    """I11: the inbox knows the message by its id, whichever topic it comes from."""
    runs: list[str] = []

    async def handle(message: Message) -> None:
        runs.append(message.topic)

    await rig.publish("again", data={})
    worker = rig.start({"made": handle})
    await until(lambda: worker.counts.done == 1)
    await (await rig.publisher.send(rig.replay_topic, key=b"k", value=b"{}", headers=HEADERS))
    await until(lambda: worker.counts.duplicate == 1)

    assert runs == [rig.topic]


def test_a_worker_needs_its_replay_topics(memory: Rig) -> None:
    worker = memory.worker({"made": print})
    assert sorted(worker.needed_topics) == sorted(memory.topics)
