"""Kafka clients: their ends are bounded whatever a stop does, and a server that is not there is named."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import GroupAuthorizationFailedError

from keylane import BrokerUnavailableError, KafkaSettings
from keylane.connection import bounded, unreached, words
from keylane.kafka import KafkaBroker


async def test_an_end_that_never_comes_is_cut_off() -> None:
    started = time.monotonic()
    await bounded(asyncio.Event().wait(), timeout_s=0.05)

    assert time.monotonic() - started < 5


async def test_an_end_that_ignores_its_cancellation_is_left_behind() -> None:
    release = asyncio.Event()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    started = time.monotonic()
    await bounded(stubborn(), timeout_s=0.05)
    release.set()

    assert time.monotonic() - started < 5


async def test_errors_of_an_end_are_absorbed_even_a_foreign_cancellation() -> None:
    async def fails() -> None:
        raise OSError("connection reset")

    async def cancelled() -> None:
        raise asyncio.CancelledError

    await bounded(fails(), timeout_s=1)
    await bounded(cancelled(), timeout_s=1)


def test_an_error_without_a_text_is_named() -> None:
    assert words(TimeoutError()) == "TimeoutError"
    assert words(OSError("reset")) == "reset"


async def test_a_kafka_that_does_not_answer_is_named_as_it_was_given() -> None:
    nobody: Any = SimpleNamespace(skipped=None)
    settings = KafkaSettings(bootstrap_servers="localhost:1,127.0.0.1:1", request_timeout=timedelta(seconds=2))
    subscription = KafkaBroker(settings).subscription("g", ["t"], nobody)
    with pytest.raises(BrokerUnavailableError, match=r"^Kafka does not answer: localhost:1,127\.0\.0\.1:1$"):
        await KafkaBroker(settings).partitions(["t"])
    with pytest.raises(BrokerUnavailableError, match=r"^Kafka does not answer: localhost:1,127\.0\.0\.1:1$"):
        await subscription.start()
    await subscription.close(timeout_s=1)


def test_one_that_answers_with_an_error_is_quoted() -> None:
    said = unreached(KafkaSettings(bootstrap_servers="k:1"), GroupAuthorizationFailedError("g"))
    assert said == "Kafka at k:1: [Error 30] GroupAuthorizationFailedError: g"
