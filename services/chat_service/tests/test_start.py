"""What cannot work ends the start with code 2 and one line that says what to do; what is away is waited for."""

import logging
import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chat_service import storage, topics
from chat_service.bootstrap import build
from chat_service.main import main
from chat_service.settings import ChatSettings, read_settings
from keylane import KafkaSettings
from lyceum_contracts import CHAT_SERVICE
from lyceum_database import MongoSettings, close
from lyceum_database.embedded import EmbeddedMongoClient, embedded_settings
from lyceum_program.errors import StartRefused
from lyceum_web.security import TokenSettings
from lyceum_web.settings import WebSettings
from lyceum_web.testing.client import application_client

OWN = ("MONGODB_", "KAFKA_", "AUTH_", "CHAT_", "INBOX_", "ENVIRONMENT", "CURSOR_KEY", "PORT", "REQUESTS")
NOWHERE = {"MONGODB_URI": "mongodb://127.0.0.1:1", "KAFKA_BOOTSTRAP": "127.0.0.1:1"}
GIVEN = {**NOWHERE, "AUTH_KEYS_URL": "http://127.0.0.1:1/keys", "ENVIRONMENT": "development"}


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in [name for name in os.environ if name.startswith(OWN)]:  # noqa: TID251 - what the program reads
        monkeypatch.delenv(name)
    former = logging.getLogger().handlers[:], logging.getLogger().level
    yield
    close()
    logging.getLogger().handlers[:], level = former
    logging.getLogger().setLevel(level)


@pytest.fixture
def settings() -> ChatSettings:
    return ChatSettings(
        web=WebSettings(environment="development"),
        mongo=embedded_settings("start"),
        kafka=KafkaSettings(bootstrap_servers="127.0.0.1:1"),
        tokens=TokenSettings(keys_url="http://127.0.0.1:1/keys"),
    )


def given(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, text in variables.items():
        monkeypatch.setenv(name, text)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "chat-service: MONGODB_URI is not set: give the address of the server, e.g. mongodb://localhost:27017\n"),
        ({"MONGODB_URI": "mongodb://127.0.0.1:1"}, "chat-service: KAFKA_BOOTSTRAP is not set: give the address"),
        (NOWHERE, "chat-service: AUTH_KEYS_URL is not set: give the address of the auth service's key set, e.g. http"),
        ({**GIVEN, "AUTH_KEYS_URL": "keys"}, "chat-service: 'keys' is no address of a key set: give e.g. http"),
        (
            {**GIVEN, "CHAT_LIMIT_SENDING": "often"},
            "chat-service: CHAT_LIMIT_SENDING: rate 'often': give a number per time, e.g. 10/minute",
        ),
        (
            {**GIVEN, "CHAT_WAITS": "1000"},
            "chat-service: CHAT_WAITS 1000: give less than REQUESTS 1000, or who waits leaves no room for others\n",
        ),
        ({**GIVEN, "CHAT_SEARCH": "magic"}, "chat-service: CHAT_SEARCH: Input should be 'tokens' or 'text'\n"),
    ],
)
def test_a_setting_that_cannot_work_is_one_line_with_its_name(
    variables: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given(monkeypatch, **variables)

    assert main(["run"]) == 2

    error = "".join(line for line in capsys.readouterr().err.splitlines(keepends=True) if not line.startswith("{"))
    assert error.startswith(said)
    assert error.count("\n") == 1


def test_every_setting_reaches_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    given(
        monkeypatch,
        **GIVEN,
        CHAT_SEARCH="text",
        CHAT_LIMIT_SENDING="1/second",
        CHAT_LIMIT_CONVERSATION="2/second",
        CHAT_LIMIT_READING="3/second",
        CHAT_LIMIT_SEARCH="4/second",
        CHAT_WAITS="5",
        CHAT_WAITS_PER_USER="6",
        CHAT_LOOK_SECONDS="0.7",
        CHAT_OUTBOX_LEASE_SECONDS="8",
        CHAT_CONCURRENCY="9",
        INBOX_LEASE_SECONDS="10",
        KAFKA_GROUP="others",
        KAFKA_TOPIC_PREFIX="try.",
    )

    read = read_settings()

    rates = read.rates
    assert [one.amount for one in (rates.sending, rates.conversation, rates.reading, rates.search)] == [1, 2, 3, 4]
    assert (read.waits, read.waits_per_user, read.look_interval) == (5, 6, timedelta(seconds=0.7))
    assert (read.outbox_lease, read.inbox_lease) == (timedelta(seconds=8), timedelta(seconds=10))
    assert (read.concurrency, read.search, read.group, read.topic_prefix) == (9, "text", "others", "try.")


def test_missing_indexes_end_the_start_and_are_named(settings: ChatSettings) -> None:
    application = build(settings, client_class=EmbeddedMongoClient)

    with pytest.raises(StartRefused, match=r"Conversation \(.*\) is missing"), application_client(application):
        raise AssertionError("the service must not answer")


def test_kafka_and_the_issuer_of_tokens_away_leave_a_service_that_is_ready_and_says_what_it_lacks(
    settings: ChatSettings,
) -> None:
    application = build(settings, client_class=EmbeddedMongoClient)
    storage.create()

    with application_client(application) as client:
        ready = client.get("/readyz")
        unknown = client.get("/v1/conversations", headers={"Authorization": "Bearer x"})

    checks = ready.json()["checks"]
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
    assert not checks[f"Consumer {CHAT_SERVICE}"]["ready"]
    assert unknown.status_code in (401, 503)
    assert "Every waits" in checks


def test_while_the_database_is_away_the_service_says_when_to_come_again(settings: ChatSettings) -> None:
    mongo = MongoSettings(uri="mongodb://127.0.0.1:1", server_selection_timeout_ms=100)
    application = build(replace(settings, mongo=mongo))

    with application_client(application) as client:
        answer = client.get("/v1/conversations")
        live, ready = client.get("/livez"), client.get("/readyz")

    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
    assert (live.status_code, ready.status_code) == (200, 503)


def test_the_steps_of_a_deployment_give_up_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("lyceum_program.waiting.PATIENCE", timedelta(seconds=0.2))
    given(monkeypatch, **GIVEN, MONGODB_SERVER_SELECTION_TIMEOUT_MS="100", LOG_LEVEL="ERROR")

    assert main(["indexes"]) == 2
    assert main(["topics"]) == 2

    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("chat-service: gave up after 0 s: waits for MongoDB: MongoDB does not answer")
    assert lines[1].startswith("chat-service: gave up after 0 s: waits for Kafka: ")


def test_every_topic_that_the_worker_and_the_relay_need_is_made() -> None:
    assert [spec.name for spec in topics.specs("try.", "chat-service")] == [
        "try.allocations",
        "try.chat",
        "try.allocations.chat-service.dlq",
        "try.allocations.chat-service.replay",
    ]
    assert topics.read_topic("try.") == "try.allocations"


def test_every_collection_with_an_outbox_is_relayed(settings: ChatSettings) -> None:
    build(settings, client_class=EmbeddedMongoClient)
    reporting = {model._get_collection_name() for model in storage.MODELS if "outbox" in model._fields}

    assert {collection.name for collection in storage.outbox_collections()} == reporting == {"conversations"}


def test_help_names_what_has_to_be_set() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "chat_service", "--help"], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0
    assert all(name in done.stdout for name in ("MONGODB_URI", "KAFKA_BOOTSTRAP", "AUTH_KEYS_URL", "indexes", "topics"))
