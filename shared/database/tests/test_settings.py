"""Where the database is: read once, refused early, never shown."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from lyceum_database import DatabaseError, MongoSettings, SettingsError

SECRET = "tr0ub4dor"  # noqa: S105 - not anybody's


@pytest.fixture(autouse=True)
def no_ambient_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("URI", "DATABASE", "SERVER_SELECTION_TIMEOUT_MS", "CONNECT_TIMEOUT_MS", "SOCKET_TIMEOUT_MS"):
        monkeypatch.delenv(f"MONGODB_{name}", raising=False)


def test_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGODB_URI", "mongodb://db.example:27018")
    monkeypatch.setenv("MONGODB_DATABASE", "lyceum_test")
    monkeypatch.setenv("MONGODB_SERVER_SELECTION_TIMEOUT_MS", "250")

    settings = MongoSettings()

    assert (settings.address, settings.database, settings.server_selection_timeout_ms) == (
        "db.example:27018",
        "lyceum_test",
        250,
    )


def test_a_missing_address_says_which_variable_and_what_to_write() -> None:
    with pytest.raises(SettingsError) as raised:
        MongoSettings()

    assert str(raised.value) == (
        "MONGODB_URI is not set: give the address of the server, e.g. mongodb://localhost:27017"
    )


@pytest.mark.parametrize(
    "uri",
    [
        f"http://user:{SECRET}@db",
        f"user:{SECRET}@db:27017",
        f"mongodb://user:{SECRET}/@db",
        f"mongodb://user:{SECRET}:{SECRET}@db",
        f"mongodb://user:{SECRET}@db:port",
        f"mongodb://user:{SECRET}@db/?w={SECRET}&w",
        f"mongodb://user:{SECRET}@db:99999",
        f"mongodb://user:{SECRET}@",
        "mongodb://",
        "",
    ],
)
def test_an_address_that_cannot_work_is_one_clear_line_without_the_password(uri: str) -> None:
    with pytest.raises(SettingsError) as raised:
        MongoSettings(uri=uri)

    text = str(raised.value)
    assert text.startswith("MONGODB_URI ")
    assert "mongodb://" in text
    assert "\n" not in text
    assert SECRET not in text
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__
    assert isinstance(raised.value, DatabaseError)


@pytest.mark.parametrize(
    ("name", "value"),
    [("DATABASE", "a/b"), ("DATABASE", ""), ("SERVER_SELECTION_TIMEOUT_MS", "0"), ("SOCKET_TIMEOUT_MS", "soon")],
)
def test_every_other_bad_value_names_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv("MONGODB_URI", "mongodb://db")
    monkeypatch.setenv(f"MONGODB_{name}", value)

    with pytest.raises(SettingsError) as raised:
        MongoSettings()

    assert str(raised.value).startswith(f"MONGODB_{name}: give ")


def test_all_bad_values_are_named_at_once() -> None:
    with pytest.raises(SettingsError) as raised:
        MongoSettings(uri="nowhere", database="a/b")

    assert "MONGODB_URI" in str(raised.value)
    assert "MONGODB_DATABASE" in str(raised.value)


def test_nothing_printable_holds_the_password() -> None:
    settings = MongoSettings(uri=f"mongodb://user:{SECRET}@one:1,two:2/lyceum?tls=true")

    shown = [repr(settings), str(settings), settings.model_dump_json(), settings.address, repr(settings.model_dump())]

    assert not [text for text in shown if SECRET in text]
    assert settings.address == "one:1,two:2"


def test_are_frozen() -> None:
    settings = MongoSettings(uri="mongodb://db")

    with pytest.raises(ValidationError, match="frozen"):
        settings.database = "other"  # type: ignore[misc] # the refusal is what is tested


def test_the_address_may_be_a_secret_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mongodb_uri").write_text("mongodb://from-file\n", encoding="utf-8")

    assert MongoSettings(_secrets_dir=tmp_path).address == "from-file"
    monkeypatch.setenv("MONGODB_URI", "mongodb://from-environment")
    assert MongoSettings(_secrets_dir=tmp_path).address == "from-environment"


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("MONGODB_DATABASE", "a b/c", "give 1 to 63 letters, digits, - or _"),
        ("MONGODB_MAX_POOL_SIZE", "-4", "give a whole number from 1 to 1000"),
        ("MONGODB_SOCKET_TIMEOUT_MS", "soon", "give a whole number from 1 to 600000"),
        ("MONGODB_CONNECT_TIMEOUT_MS", "0.5", "give a whole number from 1 to 120000"),
    ],
)
def test_a_bad_value_says_what_to_give(monkeypatch: pytest.MonkeyPatch, name: str, value: str, advice: str) -> None:
    monkeypatch.setenv("MONGODB_URI", "mongodb://localhost")
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError) as refused:
        MongoSettings()

    assert str(refused.value) == f"{name}: {advice}"
