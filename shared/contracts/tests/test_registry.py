"""The registry is whole, the documentation is what it prints, and an event's id is derived once for all."""

from pathlib import Path

import pytest

import lyceum_contracts
from lyceum_contracts import (
    ALLOCATION_WORKER,
    CONTRACTS,
    PURCHASES,
    TOPICS,
    dead_letter_topic,
    derived_id,
    replay_topic,
    topic_of,
)
from lyceum_contracts.reference import render

REPOSITORY = Path(__file__).parents[3]


def test_every_type_of_every_topic_has_a_contract_and_every_contract_a_topic() -> None:
    listed = [event_type for topic in TOPICS for event_type in topic.types]

    assert sorted(listed) == sorted(CONTRACTS)
    assert all(contract.type in topic_of(contract.type).types for contract in CONTRACTS.values())


def test_the_key_fields_of_a_topic_are_required_fields_of_each_of_its_events() -> None:
    for topic in TOPICS:
        for event_type in topic.types:
            assert set(topic.key) <= set(CONTRACTS[event_type].model_json_schema()["required"])


def test_an_event_of_no_topic_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="NO_SUCH_TYPE"):
        topic_of("NO_SUCH_TYPE")


def test_dead_letters_and_replays_belong_to_one_group() -> None:
    assert dead_letter_topic(PURCHASES, ALLOCATION_WORKER) == "purchases.allocation-worker.dlq"
    assert replay_topic(PURCHASES, ALLOCATION_WORKER) == "purchases.allocation-worker.replay"


def test_the_events_page_is_current() -> None:
    page = (REPOSITORY / "docs" / "events.md").read_text(encoding="utf-8")

    assert page == render(), "run: python -m lyceum_contracts.reference > docs/events.md"


def test_a_derived_id_is_the_same_for_ever() -> None:
    assert derived_id("a-1", 3, "TRAINER_ALLOCATED") == "57762f47-959f-595f-affd-99dea5b60904"


def test_a_derived_id_tells_aggregate_version_and_type_apart() -> None:
    ids = {
        derived_id(aggregate, version, event_type)
        for aggregate in ("a", "b")
        for version in (1, 11)
        for event_type in CONTRACTS
    }

    assert len(ids) == 2 * 2 * len(CONTRACTS)


def test_the_public_names_are_the_real_ones() -> None:
    assert sorted(lyceum_contracts.__all__) == sorted(set(lyceum_contracts.__all__))
    assert all(hasattr(lyceum_contracts, name) for name in lyceum_contracts.__all__)
