"""What can never work is refused at once, in one line that says what to change."""

from __future__ import annotations

import functools
import ssl
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka.client import AIOKafkaClient

from keylane import ConfigurationError, Every, KafkaSettings, MemoryInbox, RetryPolicy, Worker
from keylane.connection import connection
from keylane.mongo import MongoInbox, OutboxRelay

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator

    from keylane import Message

HANDLERS: dict[str, Any] = {"made": lambda _: None}


def yields(message: Message) -> Generator[Message, None, None]:
    yield message


async def yields_later(message: Message) -> AsyncGenerator[Message, None]:
    yield message


class Yields:
    """A handler that is an object."""

    def __call__(self, message: Message) -> Generator[Message, None, None]:
        yield message


def worker(**changes: Any) -> Worker:
    given: dict[str, Any] = {"group": "g", "topics": ["t"], "handlers": HANDLERS, "inbox": MemoryInbox(), **changes}
    return Worker(given.pop("group"), given.pop("topics"), given.pop("handlers"), **given)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: worker(group=""), "needs a group"),
        (lambda: worker(topics=[]), "no topics"),
        (lambda: worker(topics="purchases"), "topics is the str 'purchases': give a list"),
        (lambda: worker(topics=[""]), "no topics"),
        (lambda: worker(handlers={}), "no handler"),
        (lambda: worker(handlers={"made": 3}), "cannot be called"),
        (lambda: worker(handlers={"made": yields}), "the handler of 'made' has a `yield`, so a call would run no line"),
        (lambda: worker(handlers={"made": yields_later}), "give a plain or an async function"),
        (lambda: worker(handlers={"made": functools.partial(yields)}), "has a `yield`"),
        (lambda: worker(handlers={"made": Yields()}), "has a `yield`"),
        (lambda: worker(ignored=["made"]), "both handles and ignores made"),
        (lambda: worker(order="random"), "order is 'random'"),
        (lambda: worker(concurrency=0), "concurrency is 0"),
        (lambda: worker(lease=timedelta(0)), "lease"),
        (lambda: worker(group=7), r"Worker\(group\) is 7: give a str"),
        (lambda: worker(topics=[1]), "no topics"),
        (lambda: worker(group="a:b"), "the group 'a:b' must consist of ASCII letters, digits"),
        (lambda: worker(group="a b"), "the group 'a b' must consist"),
        (lambda: worker(group="g\n"), r"the group 'g\\n' must consist"),
        (lambda: worker(group="gr\u00fcppe"), "must consist"),
        (lambda: worker(topics=["t", "a/b"]), "the topic 'a/b' must consist"),
        (lambda: worker(topics=["t" * 121], group="g" * 121), "has 250 characters, and Kafka takes 249: shorten"),
        (lambda: worker(handlers=print), "handlers is .*: give a dict"),
        (lambda: worker(ignored="seen"), "ignored is the str 'seen': give a list"),
        (lambda: worker(concurrency=2.5), "concurrency is 2.5: give a whole number"),
        (lambda: worker(lease=30), r"lease is 30: give a datetime\.timedelta"),
        (lambda: worker(inbox=None), "inbox is None: give one such as MemoryInbox"),
        (lambda: worker(inbox=MemoryInbox), "inbox is <class .*: give one such as MemoryInbox"),
        (lambda: MemoryInbox(capacity=0), "MemoryInbox.capacity is 0: it must be at least 1"),
        (lambda: MemoryInbox(capacity=1e6), "MemoryInbox.capacity is 1000000.0: give a whole number"),  # type: ignore[arg-type]  # wrong on purpose
        (lambda: worker(retry=5), "retry is 5: give a RetryPolicy"),
        (lambda: worker(retry=RetryPolicy), "retry is <class .*: give a RetryPolicy"),
        (lambda: worker(settings="localhost:9092"), "settings is 'localhost:9092': give a KafkaSettings"),
        (lambda: worker(outages=[OSError()]), "outages is .*: give a list of exception classes"),
        (lambda: worker(outages=OSError), "outages is .*: give a list of exception classes"),
        (lambda: RetryPolicy(max_attempts="5"), "RetryPolicy.max_attempts is '5': give a whole number"),  # type: ignore[arg-type]  # wrong on purpose
        (lambda: RetryPolicy(base=0.5), "RetryPolicy.base is 0.5: give a datetime.timedelta"),  # type: ignore[arg-type]  # wrong on purpose
        (lambda: RetryPolicy(cap=30), "RetryPolicy.cap is 30: give a datetime.timedelta"),  # type: ignore[arg-type]  # wrong on purpose
        (lambda: RetryPolicy(factor=float("nan")), "factor is nan: it must be from 1 to 100"),
        (lambda: RetryPolicy(factor=1e6), "factor is 1000000.0: it must be from 1 to 100"),
        (lambda: KafkaSettings(session_timeout=-1), "KafkaSettings.session_timeout is -1: give a datetime.timedelta"),  # type: ignore[arg-type]  # wrong on purpose
        (lambda: KafkaSettings(bootstrap_servers=["a:1"]), "bootstrap_servers is .*: give a str"),  # type: ignore[arg-type]  # wrong on purpose
        (lambda: Every("sweep", 5, print), "sweep: interval is 5: give a datetime.timedelta"),  # type: ignore[arg-type]  # wrong on purpose
        (lambda: Every("sweep", timedelta(1), 7), "sweep: step is 7: give a function"),  # type: ignore[arg-type]  # wrong on purpose
        (lambda: MongoInbox(None, retention=30), "MongoInbox.retention is 30: give a datetime.timedelta"),  # type: ignore[arg-type]  # wrong on purpose
        (lambda: MongoInbox(None, threads=0), "MongoInbox.threads is 0"),  # type: ignore[arg-type]  # wrong on purpose
        (lambda: OutboxRelay(None, lease=30), "OutboxRelay.lease is 30: give a datetime.timedelta"),  # type: ignore[arg-type]  # wrong on purpose
        (lambda: RetryPolicy(max_attempts=0), "max_attempts is 0"),
        (lambda: RetryPolicy(base=timedelta(seconds=-1)), "base is -1 day.*: it must be a duration of 0 or more"),
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
