"""What `purchases publish` sends is what the worker acts on; what cannot be sent is said exactly."""

import json
from pathlib import Path
from typing import Any

import pytest

from keylane import BrokerUnavailableError, ConfigurationError
from keylane.kafka import KafkaPublisher
from keylane.testing import until
from lyceum_allocation import Allocation, PublishingInterrupted, PurchaseLine, read_purchases
from lyceum_allocation.publishing import publish
from lyceum_allocation.testing import purchase


def lines(folder: Path, *students: str) -> tuple[PurchaseLine, ...]:
    path = folder / "purchases.jsonl"
    path.write_text(
        "\n".join(
            json.dumps({"type": "PURCHASE_CREATED", "data": purchase(f"p-{student}", student=student).to_data()})
            for student in students
        )
    )
    return read_purchases(path)


async def test_a_published_file_is_acted_on_and_publishing_it_again_does_nothing_twice(
    stage: Any, tmp_path: Path
) -> None:
    stage.hire("t1", capacity=5)
    purchases = lines(tmp_path, "s1", "s2", "s3")

    async with stage.working() as program:
        for _ in range(2):
            topic = await publish(purchases, stage.settings.kafka, topic_prefix=stage.settings.topic_prefix)
        await until(lambda: program.worker.counts.done == 3 and program.worker.counts.duplicate == 3)

    assert topic == f"{stage.settings.topic_prefix}purchases"
    assert {found.student_id for found in Allocation.objects(state="ASSIGNED")} == {"s1", "s2", "s3"}
    assert all(found.grants == [f"p-{found.student_id}"] for found in Allocation.objects)


async def test_a_missing_topic_is_named_and_nothing_is_sent(stage: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"topic nowhere\.purchases does not exist: create it first"):
        await publish(lines(tmp_path, "s1"), stage.settings.kafka, topic_prefix="nowhere.")


async def test_a_kafka_that_fails_half_way_leaves_a_line_that_says_how_far_it_got(
    stage: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lyceum_allocation.publishing.WINDOW", 1)
    send = KafkaPublisher.send
    sent = 0

    async def fails_at_the_third(self: KafkaPublisher, topic: str, **record: Any) -> Any:
        nonlocal sent
        sent += 1
        if sent == 3:
            raise BrokerUnavailableError("cut off")
        return await send(self, topic, **record)

    monkeypatch.setattr(KafkaPublisher, "send", fails_at_the_third)
    with pytest.raises(PublishingInterrupted, match=r"purchases\.jsonl:3: .*cut off: 2 of 4 events are published"):
        await publish(
            lines(tmp_path, "s1", "s2", "s3", "s4"),
            stage.settings.kafka,
            topic_prefix=stage.settings.topic_prefix,
        )
