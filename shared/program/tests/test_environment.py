"""Settings come from the environment or a secret file; what is wrong is said in one line that names the variable."""

from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from lyceum_database import MongoSettings
from lyceum_program import environment
from lyceum_program.environment import read
from lyceum_program.errors import StartRefused
from lyceum_program.kafka import KafkaEnvironment


class Oven(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="OVEN_", hide_input_in_errors=True)

    degrees: Annotated[int, Field(ge=0, le=300)]
    code: Annotated[SecretStr, Field(min_length=4, max_length=20)] | None = None


def test_values_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVEN_DEGREES", "180")

    assert read(Oven).degrees == 180


def test_a_secret_comes_from_a_file_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(environment, "SECRETS", tmp_path)
    monkeypatch.setenv("OVEN_DEGREES", "180")
    (tmp_path / "oven_code").write_text("of the file")
    (tmp_path / "oven_degrees").write_text("20")

    oven = read(Oven)

    assert oven.degrees == 180
    assert oven.code is not None
    assert oven.code.get_secret_value() == "of the file"


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({}, "OVEN_DEGREES is not set"),
        ({"OVEN_DEGREES": "warm"}, "OVEN_DEGREES: "),
        ({"OVEN_DEGREES": "301"}, "OVEN_DEGREES: "),
    ],
)
def test_a_wrong_value_is_named_by_its_variable(
    variables: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(StartRefused) as refused:
        read(Oven)

    assert str(refused.value).startswith(says)
    assert "\n" not in str(refused.value)


def test_settings_that_word_their_own_errors_keep_their_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGODB_URI", "http://user:hidden@x")

    with pytest.raises(StartRefused, match=r"^MONGODB_URI must start with mongodb://") as refused:
        read(MongoSettings)

    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize(("code", "advice"), [("abc", "at least 4"), ("a" * 21, "at most 20")])
def test_the_length_of_a_secret_is_told_in_characters(monkeypatch: pytest.MonkeyPatch, code: str, advice: str) -> None:
    monkeypatch.setenv("OVEN_DEGREES", "180")
    monkeypatch.setenv("OVEN_CODE", code)

    with pytest.raises(StartRefused) as refused:
        read(Oven)

    assert str(refused.value) == f"OVEN_CODE: give {advice} characters"


def test_a_missing_value_comes_with_an_example() -> None:
    with pytest.raises(StartRefused, match=r"^KAFKA_BOOTSTRAP is not set: give the address of the server, e\.g\. "):
        read(KafkaEnvironment)


def test_what_only_the_runtime_can_judge_is_named_as_a_person_gave_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP", "localhost:99999")

    with pytest.raises(StartRefused, match=r"^KAFKA_BOOTSTRAP holds 'localhost:99999'"):
        read(KafkaEnvironment).connection(client_id="oven")


def test_a_file_of_certificates_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"BOOTSTRAP": "x:1", "SECURITY_PROTOCOL": "SSL", "CA_FILE": "/none.pem"}.items():
        monkeypatch.setenv(f"KAFKA_{name}", value)

    with pytest.raises(StartRefused, match=r"^KAFKA_CA_FILE /none\.pem: No such file"):
        read(KafkaEnvironment).connection(client_id="oven")
