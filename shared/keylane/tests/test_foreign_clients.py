"""Records that another client wrote, by no code of ours, in both modes of CloudEvents."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import Producer

from keylane.testing import until

if TYPE_CHECKING:
    from keylane import Message
    from keylane.testing import Rig

COMPRESSIONS = ("none", "gzip", "lz4", "snappy", "zstd")
BINARY: list[tuple[str, str | bytes | None]] = [
    ("ce_specversion", "1.0"),
    ("ce_id", "binary"),
    ("ce_type", "made"),
    ("ce_source", "/another/client"),
    ("ce_time", "2026-01-02T03:04:05.678Z"),
    ("ce_orgid", "acme"),
    ("content-type", "application/json; charset=UTF-8"),
    ("unknown", b"\xff\x00"),
]
STRUCTURED = {
    "specversion": "1.0",
    "id": "structured",
    "type": "made",
    "source": "/another/client",
    "time": "2026-01-02T03:04:05.678Z",
    "orgid": "acme",
    "datacontenttype": "application/json",
    "data": {"n": 1},
}


def produce(rig: Rig, *records: dict[str, Any], **config: Any) -> None:
    producer = Producer({"bootstrap.servers": rig.settings.bootstrap_servers, "log_level": 0, **config})
    for record in records:
        producer.produce(rig.topic, **record)
    assert producer.flush(15) == 0, "not acknowledged"


@pytest.mark.parametrize("rig", ["mock", pytest.param("kafka", marks=pytest.mark.wire)], indirect=True)
async def test_both_modes_of_another_client_reach_their_handlers(rig: Rig) -> None:
    seen: dict[str, Message] = {}

    async def handle(message: Message) -> None:
        seen[message.id] = message

    produce(
        rig,
        {"key": "k", "value": '{"n": 1}', "headers": BINARY},
        {"key": "k", "value": json.dumps(STRUCTURED), "headers": {"content-type": "application/cloudevents+json"}},
        {"key": None, "value": b'{"n": 1}', "headers": {"ce_id": "keyless", "ce_type": "in-thread"}},
        {"key": "k", "value": "no event at all"},
    )
    worker = rig.start({"made": handle, "in-thread": lambda message: seen.update({message.id: message})})
    await until(lambda: (worker.counts.done, worker.counts.dead) == (3, 1))
    (letter,) = await rig.letters(1)

    for id_ in ("binary", "structured"):
        message = seen[id_]
        assert (message.key, message.data, message.source, message.attempt) == (b"k", {"n": 1}, "/another/client", 1)
        assert message.time is not None
        assert message.time.isoformat() == "2026-01-02T03:04:05.678000+00:00"
        assert message.headers["ce_orgid"] == b"acme"
    assert seen["binary"].headers["unknown"] == b"\xff\x00"
    assert seen["keyless"].key is None
    assert (letter.key, letter.value) == (b"k", b"no event at all")


@pytest.mark.parametrize("rig", ["mock", pytest.param("kafka", marks=pytest.mark.wire)], indirect=True)
async def test_whatever_compression_another_client_chose_its_records_arrive(rig: Rig) -> None:
    value = json.dumps({"x": "x" * 500})
    for name in COMPRESSIONS:
        ids = [f"{name}{number}" for number in range(20)]
        records = [{"key": "k", "value": value, "headers": {"ce_id": id_, "ce_type": "made"}} for id_ in ids]
        produce(rig, *records, **{"compression.type": name, "linger.ms": 50})
    worker = rig.start({"made": lambda _: None})
    await until(lambda: worker.counts.done == 20 * len(COMPRESSIONS))
