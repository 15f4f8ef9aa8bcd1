"""Where the database is, read from the environment once, by whoever starts the program."""

from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from pymongo.uri_parser import parse_uri

from lyceum_database.errors import SettingsError

_LIMITS = {
    "server_selection_timeout_ms": 120_000,
    "connect_timeout_ms": 120_000,
    "socket_timeout_ms": 600_000,
    "max_pool_size": 1_000,
}
_NOT_A_FIGURE = frozenset({"greater_than", "less_than_equal", "int_parsing", "int_parsing_size", "int_from_float"})


class MongoSettings(BaseSettings):
    """`MONGODB_URI` (required), `MONGODB_DATABASE` and the time-outs; the URI is a secret, it may hold a password.

    The database is always the one named here: a path in the URI only says where the account is kept, as `authSource`
    does. Time-outs here win over those in the URI.

    Raises:
        SettingsError: a value is missing or cannot work; names the variable and what to do, never the value.
    """

    model_config = SettingsConfigDict(env_prefix="MONGODB_", frozen=True, extra="forbid")

    uri: SecretStr
    database: str = Field(default="lyceum", pattern=r"^[A-Za-z0-9_-]{1,63}$")  # 63: MongoDB's own limit in bytes
    server_selection_timeout_ms: int = Field(default=3_000, gt=0, le=_LIMITS["server_selection_timeout_ms"])
    connect_timeout_ms: int = Field(default=3_000, gt=0, le=_LIMITS["connect_timeout_ms"])
    socket_timeout_ms: int = Field(default=20_000, gt=0, le=_LIMITS["socket_timeout_ms"])
    max_pool_size: int = Field(default=50, gt=0, le=_LIMITS["max_pool_size"])

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as exc:
            # Without the cause: pydantic's text may quote the value.
            raise SettingsError("; ".join(_reason(error) for error in exc.errors(include_input=False))) from None

    @field_validator("uri")
    @classmethod
    def _can_be_parsed(cls, uri: SecretStr) -> SecretStr:
        text = uri.get_secret_value()
        if not text.startswith(("mongodb://", "mongodb+srv://")):
            raise ValueError("must start with mongodb:// or mongodb+srv://, e.g. mongodb://localhost:27017")
        if not text.startswith("mongodb+srv://"):  # parsing that form asks the name service
            _parse(text)
        return uri

    @property
    def address(self) -> str:
        """The hosts, fit for a message: no user, no password, no options."""
        return urlsplit(self.uri.get_secret_value()).netloc.rpartition("@")[2]


def _parse(uri: str) -> None:
    try:
        parse_uri(uri, validate=True, warn=False)
    except Exception:  # noqa: BLE001 - the driver raises half a dozen unrelated classes here
        raise ValueError(
            "is no MongoDB address: expected mongodb://[user:password@]host[:port][,host...][/database][?options], "
            "with special characters of user and password percent-encoded"
        ) from None


def _reason(error: Any) -> str:
    variable = "MONGODB_" + "_".join(str(part) for part in error["loc"]).upper()
    if error["type"] == "missing":
        return f"{variable} is not set: give the address of the server, e.g. mongodb://localhost:27017"
    if error["type"] == "string_pattern_mismatch":
        return f"{variable}: give 1 to 63 letters, digits, - or _"
    if error["type"] in _NOT_A_FIGURE:
        return f"{variable}: give a whole number from 1 to {_LIMITS[variable.lower().removeprefix('mongodb_')]}"
    return f"{variable} {str(error['msg']).removeprefix('Value error, ')}"
