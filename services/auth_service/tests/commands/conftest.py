"""Commands on the embedded database, which is connected already."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from click.testing import CliRunner, Result

from auth_service import storage
from lyceum_database.testing import temporary_database

Run = Callable[..., Result]


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for module in ("session_commands", "user_commands"):
        monkeypatch.setattr(f"auth_service.commands.{module}.database", nullcontext)
    with temporary_database(storage.MODELS):
        yield


@pytest.fixture
def run() -> Run:
    def run(command: Any, *arguments: str, input: str | None = None, **environment: str | None) -> Result:  # noqa: A002 - click's name for it
        cleared = {"MONGODB_URI": None, "AUTH_KEYS_DIRECTORY": None, "AUTH_BREACHED_PASSWORDS": None, "COLUMNS": "80"}
        return CliRunner().invoke(command, list(arguments), input=input, env={**cleared, **environment})

    return run
