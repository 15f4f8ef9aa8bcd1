"""Settings classes, filled from the environment and from secret files, or a line that says what is wrong."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from lyceum_database import SettingsError
from lyceum_program.errors import StartRefused

S = TypeVar("S", bound=BaseSettings)

SECRETS = Path("/run/secrets")
"""Where container engines put secrets, a file each; the environment wins over them."""


def read(kind: type[S]) -> S:
    """Fill one settings class.

    Raises:
        StartRefused: values are missing or cannot work; names each variable and what to do, never a secret.
    """
    try:
        return kind(_secrets_dir=SECRETS if SECRETS.is_dir() else None)
    except ValidationError as exc:
        raise StartRefused("; ".join(_reason(kind, error) for error in exc.errors(include_input=False))) from None
    except SettingsError as exc:
        raise StartRefused(str(exc)) from None


def _reason(kind: type[BaseSettings], error: Any) -> str:
    if not error["loc"]:
        return str(error["msg"]).removeprefix("Value error, ")
    name, *within = (str(part) for part in error["loc"])
    variable = (kind.model_config.get("env_prefix", "") + "_".join([name, *within])).upper()
    if error["type"] == "missing":
        field = kind.model_fields.get(name)
        return f"{variable} is not set" + "".join(f": give {example}" for example in (field and field.examples) or ())
    if error["type"] == "string_pattern_mismatch":
        return f"{variable}: give up to 100 letters, digits, dots, - or _"
    return f"{variable}: {in_characters(error)}".replace(": Value error, ", ": ")


def in_characters(error: Mapping[str, Any]) -> str:
    """Return the words of one of pydantic's errors; of a secret's length it speaks in items and means characters."""
    limit = error.get("ctx", {})
    if limit.get("field_type") != "Value" or error["type"] not in {"too_short", "too_long"}:
        return str(error["msg"])
    if error["type"] == "too_short":
        return f"give at least {limit['min_length']} characters"
    return f"give at most {limit['max_length']} characters"
