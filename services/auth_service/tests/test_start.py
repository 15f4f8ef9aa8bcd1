"""What cannot work ends the start with code 2 and one line that says what to do; what development makes, it says."""

import json
import logging
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from auth_service import storage
from auth_service.bootstrap import build
from auth_service.commands import keys
from auth_service.main import main
from auth_service.passwords.hashing import PasswordHasher, Verdict
from auth_service.settings import AuthSettings
from keylane import KafkaSettings
from lyceum_database import MongoSettings, close
from lyceum_database.embedded import EmbeddedMongoClient, embedded_settings
from lyceum_program.errors import StartRefused
from lyceum_web.settings import WebSettings
from lyceum_web.testing.client import application_client

OWN = ("MONGODB_", "KAFKA_", "AUTH_", "ENVIRONMENT", "CURSOR_KEY", "PORT")
NOWHERE = {"MONGODB_URI": "mongodb://127.0.0.1:1", "KAFKA_BOOTSTRAP": "127.0.0.1:1"}


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
def settings(tmp_path: Path) -> AuthSettings:
    return AuthSettings(
        web=WebSettings(environment="development"),
        mongo=embedded_settings("start"),
        kafka=KafkaSettings(bootstrap_servers="127.0.0.1:1"),
        keys_directory=tmp_path / "keys",
    )


def given(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, text in variables.items():
        monkeypatch.setenv(name, text)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "auth-service: MONGODB_URI is not set: give the address of the server, e.g. mongodb://localhost:27017\n"),
        ({"MONGODB_URI": "mongodb://127.0.0.1:1"}, "auth-service: KAFKA_BOOTSTRAP is not set: give the address"),
        (NOWHERE, "auth-service: AUTH_KEYS_DIRECTORY is not set: give the directory of the signing keys, e.g. /var"),
        (
            {**NOWHERE, "AUTH_KEYS_DIRECTORY": "/k", "AUTH_LIMIT_ACCOUNT": "often"},
            "auth-service: AUTH_LIMIT_ACCOUNT: rate 'often': give a number per time, e.g. 10/minute",
        ),
        (
            {**NOWHERE, "AUTH_KEYS_DIRECTORY": "/k", "AUTH_ACCESS_TOKEN_SECONDS": "901"},
            "auth-service: AUTH_ACCESS_TOKEN_SECONDS: Input should be less than or equal to 900\n",
        ),
        (
            {**NOWHERE, "AUTH_KEYS_DIRECTORY": "none"},
            "auth-service: AUTH_KEYS_DIRECTORY: none holds no signing key: run `lyceum keys rotate` to make one\n",
        ),
    ],
)
def test_a_setting_that_cannot_work_is_one_line_with_its_name(
    variables: dict[str, str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    given(monkeypatch, **variables)

    assert main(["run"]) == 2

    error = capsys.readouterr().err
    assert error.startswith(said)
    assert error.count("\n") == 1


def test_only_development_makes_a_key_and_it_says_so(settings: AuthSettings, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        build(settings, client_class=EmbeddedMongoClient)

    (key,) = settings.keys_directory.iterdir()
    assert (
        f"made signing key {kid_of(key)} in {settings.keys_directory}, because this is development: "
        "elsewhere `lyceum keys rotate` makes keys"
    ) in caplog.messages
    caplog.clear()
    build(settings, client_class=EmbeddedMongoClient)
    assert "made signing key" not in caplog.text
    production = WebSettings(environment="production", cursor_key="0123456789abcdef" * 2)
    with pytest.raises(StartRefused, match="holds no signing key"):
        build(replace(settings, web=production, keys_directory=settings.keys_directory / "none"))


def kid_of(file: Path) -> str:
    return str(json.loads(file.read_text())["kid"])


def test_missing_indexes_end_the_start_and_are_named(settings: AuthSettings) -> None:
    application = build(settings, client_class=EmbeddedMongoClient)

    with pytest.raises(StartRefused, match=r"User \(email_norm\) is missing"), application_client(application):
        raise AssertionError("the service must not answer")


def test_the_first_request_finds_the_built_in_roles(settings: AuthSettings) -> None:
    application = build(settings, client_class=EmbeddedMongoClient)
    storage.create()

    with application_client(application) as client:
        me = client.get("/v1/me", headers={"Authorization": f"Bearer {signed_in(client)}"}).json()

    assert me["roles"] == ["student"]
    assert me["organization"]["slug"] == "default"


def signed_in(client: httpx.Client) -> str:
    ada = {"email": "ada@example.org", "password": "violet harbour 9"}
    assert client.post("/v1/signup", json={**ada, "name": "Ada"}).status_code == 202
    return str(client.post("/v1/login", json=ada).json()["access_token"])


def test_the_steps_of_a_deployment_give_up_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("lyceum_program.waiting.PATIENCE", timedelta(seconds=0.2))
    given(
        monkeypatch,
        **NOWHERE,
        AUTH_KEYS_DIRECTORY=str(tmp_path),
        MONGODB_SERVER_SELECTION_TIMEOUT_MS="100",
        LOG_LEVEL="ERROR",
    )

    assert main(["indexes"]) == 2
    assert main(["topics"]) == 2

    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("auth-service: gave up after 0 s: waits for MongoDB: MongoDB does not answer")
    assert lines[1].startswith("auth-service: gave up after 0 s: waits for Kafka: ")


def test_a_container_without_the_operator_command_rotates_keys_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given(monkeypatch, **NOWHERE, AUTH_KEYS_DIRECTORY=str(tmp_path / "keys"))

    codes = [main(["rotate-keys"]) for _ in range(3)]

    said = capsys.readouterr()
    assert codes == [0, 0, 2]
    assert [line.partition(" signs from ")[0] for line in said.out.splitlines()] == [
        f"key {kid_of(file)}" for file in sorted((tmp_path / "keys").iterdir())
    ]
    assert said.err.startswith("auth-service: key ")
    assert "until then no other is made" in said.err


def test_while_the_database_is_away_keys_are_still_published_and_the_rest_says_when_to_come_again(
    settings: AuthSettings,
) -> None:
    mongo = MongoSettings(uri="mongodb://127.0.0.1:1", server_selection_timeout_ms=100)
    application = build(replace(settings, mongo=mongo))

    with application_client(application) as client:
        published = client.get("/.well-known/jwks.json")
        login = client.post("/v1/login", json={"email": "ada@example.org", "password": "violet harbour 9"})
        live, ready = client.get("/livez"), client.get("/readyz")

    assert (published.status_code, published.headers["Content-Type"]) == (200, "application/jwk-set+json")
    assert published.headers["Cache-Control"] == "public, max-age=60"
    assert [set(key) for key in published.json()["keys"]] == [{"kty", "crv", "x", "kid", "use", "alg"}]
    assert (login.status_code, login.json()["code"]) == (503, "database_unavailable")
    assert int(login.headers["Retry-After"]) >= 1
    assert (live.status_code, ready.status_code) == (200, 503)


def test_a_rotation_is_published_by_a_running_service_without_a_restart_and_signs_nobody_out(
    settings: AuthSettings,
) -> None:
    application = build(settings, client_class=EmbeddedMongoClient)
    storage.create()

    with application_client(application) as client:
        token = signed_in(client)
        made = CliRunner().invoke(keys, ["rotate", "--directory", str(settings.keys_directory), "--json"])
        new, deadline = json.loads(made.stdout)["kid"], time.monotonic() + 20
        while new not in (published := [key["kid"] for key in client.get("/.well-known/jwks.json").json()["keys"]]):
            assert time.monotonic() < deadline, published
            time.sleep(0.05)
        me = client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})
        relays = client.get("/readyz").json()["checks"]

    assert len(published) == 2
    assert me.status_code == 200
    assert sum("OutboxRelay" in name for name in relays) == len(storage.outbox_collections())


def test_keys_are_published_while_every_thread_waits(settings: AuthSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    waits, free = Event(), Event()

    def wait(*_: object) -> Verdict:
        waits.set()
        assert free.wait(30)
        return Verdict(matches=False)

    monkeypatch.setattr(PasswordHasher, "check", wait)
    web = WebSettings(environment="development", threads=1)
    application = build(replace(settings, web=web), client_class=EmbeddedMongoClient)
    storage.create()
    ada = {"email": "ada@example.org", "password": "violet harbour 9"}

    with application_client(application) as client, ThreadPoolExecutor(1) as caller:
        login = caller.submit(client.post, "/v1/login", json=ada)
        assert waits.wait(30)
        published = client.get("/.well-known/jwks.json", timeout=10)
        assert not login.done()
        free.set()
        assert login.result().status_code == 401

    assert published.status_code == 200


def test_help_names_what_has_to_be_set() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "auth_service", "--help"], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0
    assert all(name in done.stdout for name in ("MONGODB_URI", "KAFKA_BOOTSTRAP", "AUTH_KEYS_DIRECTORY", "rotate-keys"))
