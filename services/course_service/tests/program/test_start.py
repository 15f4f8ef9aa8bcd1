"""What cannot work ends the start with code 2 and one line that says what to do; what is away is waited for."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr

from course_service import storage
from course_service.bootstrap import build
from course_service.courses.search import SearchKind
from course_service.main import main
from course_service.payments.settings import PaymentSettings
from course_service.settings import CourseSettings
from keylane import ConfigurationError, Worker
from lyceum_database import MongoSettings, close
from lyceum_database.embedded import EmbeddedMongoClient
from lyceum_program.errors import StartRefused
from lyceum_web.settings import WebSettings
from lyceum_web.testing import application_client
from lyceum_web.testing.keys import SigningKey

NOWHERE = {"MONGODB_URI": "mongodb://127.0.0.1:1", "KAFKA_BOOTSTRAP": "127.0.0.1:1"}
KEYS = {"AUTH_KEYS_URL": "http://127.0.0.1:1/.well-known/jwks.json"}
FAKE = {"PAYMENT_PROVIDER": "fake", "PAYMENT_FAKE_SECRET": "for-development-only"}
STRIPE = {"STRIPE_API_KEY": "sk_live_0123456789", "STRIPE_WEBHOOK_SECRETS": "whsec_0123456789"}
PRODUCTION = {"ENVIRONMENT": "production", "CURSOR_KEY": "0123456789abcdef" * 2}


@pytest.fixture(autouse=True)
def _disconnected() -> None:
    """No test finds the connection of another."""
    close()


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "MONGODB_URI is not set: give the address of the server, e.g. mongodb://localhost:27017\n"),
        ({"MONGODB_URI": "mongodb://127.0.0.1:1"}, "KAFKA_BOOTSTRAP is not set: give the address of the server, e.g. "),
        (NOWHERE, "AUTH_KEYS_URL is not set: give the address of the auth service's key set, e.g. http://auth-service"),
        ({**NOWHERE, "AUTH_KEYS_URL": "auth-service", **FAKE}, "'auth-service' is no address of a key set: give e.g. "),
        ({**NOWHERE, **KEYS}, "no payment provider is set up: set STRIPE_API_KEY and STRIPE_WEBHOOK_SECRETS or, in de"),
        ({**NOWHERE, **KEYS, **STRIPE, "STRIPE_API_KEY": ""}, "STRIPE_API_KEY and STRIPE_WEBHOOK_SECRETS go together"),
        ({**NOWHERE, **KEYS, "PAYMENT_PROVIDER": "fake"}, "PAYMENT_PROVIDER=fake needs PAYMENT_FAKE_SECRET: choose 16"),
        ({**NOWHERE, **KEYS, "PAYMENT_PROVIDER": "cash"}, "PAYMENT_PROVIDER: Input should be 'stripe' or 'fake'\n"),
        ({**NOWHERE, **KEYS, **FAKE, "PAYMENT_FAKE_SECRET": "short"}, "PAYMENT_FAKE_SECRET: give at least 16 charac"),
        ({**NOWHERE, **KEYS, **FAKE, **PRODUCTION}, "PAYMENT_FAKE_SECRET is set outside development: whoever knows it"),
        ({**NOWHERE, **KEYS, **STRIPE, "ENVIRONMENT": "production"}, "CURSOR_KEY is not set: give 32 or more random"),
        ({**NOWHERE, **KEYS, **FAKE, "COURSE_SEARCH": "guess"}, "COURSE_SEARCH: Input should be 'tokens' or 'text'\n"),
        ({**NOWHERE, **KEYS, **FAKE, "COURSE_CONCURRENCY": "0"}, "COURSE_CONCURRENCY: Input should be greater than o"),
        ({**NOWHERE, **KEYS, **FAKE, "INBOX_LEASE_SECONDS": "0"}, "INBOX_LEASE_SECONDS: Input should be greater than"),
        ({**NOWHERE, **KEYS, **FAKE, "KAFKA_BOOTSTRAP": "kafka"}, "KAFKA_BOOTSTRAP holds 'kafka': give host:port\n"),
    ],
)
def test_a_setting_that_cannot_work_is_one_line_with_its_name(
    variables: dict[str, str],
    said: str,
    own_environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, text in {"ENVIRONMENT": "development", **variables}.items():
        own_environment.setenv(name, text)

    assert main(["run"]) == 2

    error = capsys.readouterr().err
    assert error.startswith(f"course-service: {said}")
    assert error.count("\n") == 1
    assert "for-development-only" not in error


def test_no_secret_is_there_that_nobody_gave(settings: CourseSettings) -> None:
    payments = PaymentSettings()

    assert (payments.payment_provider, payments.payment_fake_secret, payments.stripe_api_key) == ("stripe", None, None)
    for development in (True, False):
        web = WebSettings(environment="development" if development else "production", cursor_key=SecretStr("ab1" * 12))
        with pytest.raises(StartRefused, match="no payment provider is set up"):
            build(replace(settings, web=web, payments=payments), client_class=EmbeddedMongoClient)


def test_missing_indexes_end_the_start_and_are_named(settings: CourseSettings) -> None:
    application = build(settings, client_class=EmbeddedMongoClient)

    with (
        pytest.raises(StartRefused, match=r"run the service's index deploy step\): .*Purchase .* is missing"),
        application_client(application),
    ):
        raise AssertionError("the service must not answer")


def test_a_missing_text_index_ends_the_start_where_words_are_looked_for_by_one(settings: CourseSettings) -> None:
    application = build(replace(settings, search=SearchKind.TEXT), client_class=EmbeddedMongoClient)
    storage.create()

    with pytest.raises(StartRefused, match="courses_text"), application_client(application):
        raise AssertionError("the service must not answer")


def test_the_steps_of_a_deployment_give_up_in_one_line(
    own_environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own_environment.setattr("lyceum_program.waiting.PATIENCE", timedelta(seconds=0.2))
    others = {"MONGODB_SERVER_SELECTION_TIMEOUT_MS": "100", "LOG_LEVEL": "ERROR"}
    for name, text in {**NOWHERE, **KEYS, **others}.items():
        own_environment.setenv(name, text)

    assert main(["indexes"]) == 2
    assert main(["topics"]) == 2

    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("course-service: gave up after 0 s: waits for MongoDB: MongoDB does not answer")
    assert lines[1].startswith("course-service: gave up after 0 s: waits for Kafka: ")


def test_while_the_database_is_away_every_answer_says_when_to_come_again(settings: CourseSettings) -> None:
    mongo = MongoSettings(uri="mongodb://127.0.0.1:1", server_selection_timeout_ms=100)

    web = WebSettings(environment="development", database_patience_seconds=0.3)
    with application_client(build(replace(settings, mongo=mongo, web=web))) as client:
        answers = [client.get("/v1/courses"), client.post("/v1/payment-webhooks/fake", content=b"{}")]
        live, ready = client.get("/livez"), client.get("/readyz")

    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
        assert int(answer.headers["Retry-After"]) >= 1
    assert (live.status_code, ready.status_code) == (200, 503)


def test_while_the_auth_service_is_away_nobody_is_let_in_and_is_told_when_to_come_again(
    settings: CourseSettings,
) -> None:
    application = build(settings, client_class=EmbeddedMongoClient)
    storage.create()

    with application_client(application) as client:
        token = SigningKey().signed(b"{}")
        answer = client.get("/v1/courses", headers={"Authorization": f"Bearer {token}"})
        ready = client.get("/readyz")

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
    assert ready.status_code == 200


def test_while_kafka_is_away_it_is_ready_and_says_what_waits(settings: CourseSettings) -> None:
    application = build(settings, client_class=EmbeddedMongoClient)
    storage.create()

    with application_client(application) as client:
        report = client.get("/readyz")
        figures = client.get("/metrics").text

    assert (report.status_code, report.json()["status"]) == (200, "degraded")
    assert set(report.json()["checks"]) == {
        "database",
        "Every payment events",
        "Every unsettled purchases",
        *(f"OutboxRelay {collection.name}" for collection in storage.outbox_collections()),
        "Consumer course-service",
    }
    assert not report.json()["checks"]["Consumer course-service"]["ready"]
    assert 'keylane_ready{group="course-service"} 0.0' in figures
    for name in (
        "keylane_outbox_",
        "keylane_every_steps_failed",
        "course_payment_events",
        "http_server_requests_total",
    ):
        assert name in figures


def test_a_listener_that_cannot_work_refuses_the_start(
    settings: CourseSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lacking(_: Worker) -> None:
        raise ConfigurationError("missing topic allocations: create it before starting the worker")

    monkeypatch.setattr(Worker, "run", lacking)
    application = build(settings, client_class=EmbeddedMongoClient)
    storage.create()

    with application_client(application) as client:
        assert client.get("/readyz").status_code == 503
        assert isinstance(application.state.life.failure, ConfigurationError)


def test_help_names_what_has_to_be_set() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "course_service", "--help"], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0
    named = ("MONGODB_URI", "KAFKA_BOOTSTRAP", "AUTH_KEYS_URL", "STRIPE_API_KEY", "PAYMENT_FAKE_SECRET", "indexes")
    assert all(name in done.stdout for name in named)
