"""What can never work is refused at once, in one line that says what to change."""

from __future__ import annotations

import ssl
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka.client import AIOKafkaClient

from keylane import ConfigurationError, Every, KafkaSettings, MemoryInbox, RetryPolicy, Worker
from keylane.connection import connection

if TYPE_CHECKING:
    from collections.abc import Callable

HANDLERS: dict[str, Any] = {"made": lambda _: None}


def worker(**changes: Any) -> Worker:
    given: dict[str, Any] = {"group": "g", "topics": ["t"], "handlers": HANDLERS, "inbox": MemoryInbox(), **changes}
    return Worker(given.pop("group"), given.pop("topics"), given.pop("handlers"), **given)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: worker(group=""), "needs a group"),
        (lambda: worker(topics=[]), "no topics"),
        (lambda: worker(topics="purchases"), "no topics"),
        (lambda: worker(topics=[""]), "no topics"),
        (lambda: worker(handlers={}), "no handler"),
        (lambda: worker(handlers={"made": 3}), "cannot be called"),
        (lambda: worker(ignored=["made"]), "both handles and ignores made"),
        (lambda: worker(order="random"), "order is 'random'"),
        (lambda: worker(concurrency=0), "concurrency is 0"),
        (lambda: worker(lease=timedelta(0)), "lease"),
        (lambda: RetryPolicy(max_attempts=0), "max_attempts is 0"),
        (lambda: RetryPolicy(base=timedelta(seconds=-1)), "base is negative"),
        (lambda: RetryPolicy(factor=0.5), "factor is 0.5"),
        (lambda: RetryPolicy(timeout=timedelta(0)), "timeout"),
        (lambda: KafkaSettings(bootstrap_servers=" "), "is empty"),
        (lambda: KafkaSettings(bootstrap_servers="kafka"), "'kafka': give host:port"),
        (lambda: KafkaSettings(bootstrap_servers="a:1,b"), "'b': give host:port"),
        (lambda: KafkaSettings(bootstrap_servers="kafka:99999"), "'kafka:99999': give host:port"),
        (lambda: KafkaSettings(bootstrap_servers="kafka:0"), "give host:port"),
        (lambda: KafkaSettings(bootstrap_servers="kafka:9²"), "give host:port"),
        (lambda: KafkaSettings(bootstrap_servers=":9092"), "give host:port"),
        (lambda: KafkaSettings(security_protocol="FOO"), "'FOO', expected one of PLAINTEXT"),
        (lambda: KafkaSettings(security_protocol="SSL"), "ssl_context is needed for SSL"),
        (lambda: KafkaSettings(security_protocol="SASL_PLAINTEXT"), "sasl_username and sasl_password are needed"),
        (
            lambda: KafkaSettings(security_protocol="SASL_PLAINTEXT", sasl_mechanism="FOO"),
            "'FOO', expected one of PLAIN",
        ),
        (lambda: KafkaSettings(request_timeout=timedelta(seconds=-1)), "request_timeout"),
        (lambda: KafkaSettings(heartbeat_interval=timedelta(seconds=29)), "heartbeat_interval"),
        (lambda: Every("sweep", timedelta(0), lambda: None), "interval"),
    ],
)
def test_it_is_refused(make: Callable[[], object], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as refused:
        make()
    assert "\n" not in str(refused.value)


def test_secrets_are_not_shown() -> None:
    assert "hunter2" not in repr(KafkaSettings(sasl_password="hunter2"))  # noqa: S106  a test's own


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
async def test_the_client_accepts_what_the_settings_accept(mechanism: str) -> None:
    settings = KafkaSettings(
        security_protocol="SASL_SSL",
        ssl_context=ssl.create_default_context(),
        sasl_mechanism=mechanism,
        sasl_username="u",
        sasl_password="p",  # noqa: S106  a test's own
    )
    await AIOKafkaClient(**connection(settings)).close()


async def test_a_worker_runs_once() -> None:
    used = worker(settings=KafkaSettings(bootstrap_servers="127.0.0.1:1"))
    used.request_stop()
    await used.run()
    with pytest.raises(ConfigurationError, match="was run before"):
        await used.run()
