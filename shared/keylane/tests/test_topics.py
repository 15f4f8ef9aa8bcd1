"""Creating topics and finding out which are missing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from keylane import (
    BrokerUnavailableError,
    ConfigurationError,
    KafkaSettings,
    TopicSpec,
    ensure_topics,
    missing_topics,
    topics,
)
from keylane.topics import _created, _new

if TYPE_CHECKING:
    from keylane.testing import Rig

AWAY = KafkaSettings(bootstrap_servers="127.0.0.1:1", request_timeout=timedelta(seconds=1))


async def test_missing_topics_are_named(mock: Rig) -> None:
    assert await missing_topics(mock.settings, [mock.topic, "absent"]) == ["absent"]


async def test_a_look_never_creates_a_topic(mock: Rig) -> None:
    assert await missing_topics(mock.settings, ["never-created"]) == ["never-created"]
    assert await missing_topics(mock.settings, ["never-created"]) == ["never-created"]


async def test_existing_topics_are_left_as_they_are(mock: Rig) -> None:
    assert await ensure_topics(mock.settings, [TopicSpec(mock.topic, 12)]) == []


async def test_an_unreachable_broker_is_unavailable() -> None:
    with pytest.raises(BrokerUnavailableError, match=r"127\.0\.0\.1:1"):
        await missing_topics(AWAY, ["t"])


@pytest.mark.parametrize(
    ("specs", "words"),
    [
        ([TopicSpec("t", 0)], "at least 1"),
        ([TopicSpec("t", 1), TopicSpec("t", 2)], "given twice"),
    ],
)
async def test_specs_that_can_never_work_are_refused(specs: list[TopicSpec], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        await ensure_topics(AWAY, specs)


@pytest.mark.parametrize("replication", [-1, 1, 3])
def test_the_client_accepts_every_replication(replication: int) -> None:
    assert _new(TopicSpec("t", 12, replication=replication)).replication_factor == replication


def test_a_refusal_is_raised_and_a_race_is_not() -> None:
    assert list(_created([("fresh", 0, None), ("known", 36, "already exists")])) == ["fresh"]
    with pytest.raises(ConfigurationError, match="refuses topic t: InvalidReplicationFactorError"):
        list(_created([("t", 38, None)]))


@pytest.mark.wire
async def test_a_topic_that_was_not_heard_of_yet_was_not_created_either(
    kafka: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker that was just asked to create it may answer so for a moment."""
    known, fresh = TopicSpec(f"{kafka.topic}-known", 1), TopicSpec(f"{kafka.topic}-fresh", 1)
    await ensure_topics(kafka.settings, [known])

    looks(monkeypatch, [known.name, fresh.name], [])

    assert await ensure_topics(kafka.settings, [known, fresh]) == [fresh.name]


@pytest.mark.wire
async def test_topics_are_created_once_on_a_real_broker(kafka: Rig) -> None:
    fresh = TopicSpec(f"{kafka.topic}-fresh", 3)
    assert await ensure_topics(kafka.settings, [fresh, fresh.dead_letters("g"), fresh.replays("g")]) == [
        fresh.name,
        f"{fresh.name}.g.dlq",
        f"{fresh.name}.g.replay",
    ]
    assert await ensure_topics(kafka.settings, [fresh]) == []
    assert await kafka.broker.partitions([fresh.name]) == {fresh.name: 3}


def test_each_topic_has_room_for_what_the_one_before_it_held() -> None:
    """A letter is its record and more headers, a replay is its letter and more headers."""
    source = TopicSpec("t", 3, config={"retention.ms": "86400000", "max.message.bytes": "1048588"})
    letters, replays = source.dead_letters("g"), source.replays("g")
    room = [int(spec.config["max.message.bytes"]) for spec in (source, letters, replays)]

    assert room == sorted(set(room))
    assert [spec.config["retention.ms"] for spec in (letters, replays)] == ["-1", "86400000"]
    assert {spec.partitions for spec in (source, letters, replays)} == {3}


async def test_topics_are_there_for_whoever_looks_next(monkeypatch: pytest.MonkeyPatch) -> None:
    left = looks(monkeypatch, ["a", "b"], ["b"], ["b"], [])
    monkeypatch.setattr(topics, "_create", made_all)

    assert await ensure_topics(AWAY, [TopicSpec("a", 1), TopicSpec("b", 1)]) == ["a", "b"]
    assert left == [], "it did not wait until brokers told of them"


async def test_topics_of_which_no_broker_tells_are_not_waited_for_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    looks(monkeypatch, *[["a"]] * 1000)
    monkeypatch.setattr(topics, "_create", made_all)

    with pytest.raises(BrokerUnavailableError, match="created a, of which no broker tells yet"):
        await ensure_topics(AWAY, [TopicSpec("a", 1)])


async def made_all(_: KafkaSettings, specs: list[TopicSpec]) -> set[str]:
    return {spec.name for spec in specs}


def looks(monkeypatch: pytest.MonkeyPatch, *missing: list[str]) -> list[list[str]]:
    """Let each look at the brokers find the next of these missing; returns those to come."""
    left = list(missing)

    async def look(*_: object) -> list[str]:
        return left.pop(0)

    monkeypatch.setattr(topics, "missing_topics", look)
    return left
