"""The servers of a command: named by options or the environment, given up after ten seconds."""

from __future__ import annotations

import ssl
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import click
from pymongo import MongoClient
from pymongo.errors import InvalidName, PyMongoError

from keylane.dead_letters import DeadLetters
from keylane.errors import ConfigurationError
from keylane.mongo import MongoInbox, MongoLetterIndex
from keylane.settings import MECHANISMS, PROTOCOLS, KafkaSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keylane.commands.connection import Given

GIVE_UP_AFTER: Final = timedelta(seconds=10)
_GIVE_UP_MS: Final = GIVE_UP_AFTER // timedelta(milliseconds=1)
SHAPE: Final = "give mongodb://[user:password@]host[:port], with special characters percent-encoded"


def _option(*names: str, variable: str, **rest: Any) -> click.Option:
    return click.Option(names, envvar=variable, show_envvar=True, **rest)


SERVER_OPTIONS: Final[tuple[click.Option, ...]] = (
    _option("--kafka", "--bootstrap", "bootstrap", variable="KAFKA_BOOTSTRAP", required=True, help="host:port."),
    _option(
        "--security-protocol",
        variable="KAFKA_SECURITY_PROTOCOL",
        type=click.Choice(PROTOCOLS),
        default="PLAINTEXT",
        show_default=True,
    ),
    _option("--ca-file", variable="KAFKA_CA_FILE", type=click.Path(), help="Certificates in PEM form."),
    _option(
        "--sasl-mechanism",
        variable="KAFKA_SASL_MECHANISM",
        type=click.Choice(MECHANISMS),
        default="PLAIN",
        show_default=True,
    ),
    _option("--sasl-username", variable="KAFKA_SASL_USERNAME"),
    _option("--sasl-password", variable="KAFKA_SASL_PASSWORD", help="Better by the environment."),
    _option(
        "--mongodb-uri",
        variable="MONGODB_URI",
        help="Where stack traces, and marks of who did what, are kept. Without it: no stack traces, no discarding.",
    ),
    _option("--database", variable="MONGODB_DATABASE", help="The one named in the URI unless given."),
    click.Option(["--inbox"], default="inbox", show_default=True, help="Collection of the idempotency store."),
    click.Option(["--marks"], default="dead_letters", show_default=True, help="Collection of the marks."),
)


@contextmanager
def connected(group: str, topics: Sequence[str], given: Given) -> Iterator[DeadLetters]:
    """The dead letters of a group on the servers that these values of `SERVER_OPTIONS` name.

    Raises:
        ConfigurationError: A value cannot work.
    """
    settings = _kafka(given)
    if not given["mongodb_uri"]:
        yield DeadLetters(group, topics, settings=settings)
        return
    with closing(_client(given["mongodb_uri"])) as client:
        database = _database(client, given["database"])
        inbox = MongoInbox(_collection(database, given["inbox"]), threads=4)
        index = MongoLetterIndex(_collection(database, given["marks"]))
        with closing(inbox), closing(index):
            yield DeadLetters(group, topics, settings=settings, inbox=inbox, index=index)


def _kafka(given: Given) -> KafkaSettings:
    protocol = given["security_protocol"]
    try:
        return KafkaSettings(
            bootstrap_servers=given["bootstrap"],
            client_id="keylane",
            request_timeout=GIVE_UP_AFTER,
            security_protocol=protocol,
            ssl_context=ssl.create_default_context(cafile=given["ca_file"]) if protocol.endswith("SSL") else None,
            sasl_mechanism=given["sasl_mechanism"],
            sasl_username=given["sasl_username"],
            sasl_password=given["sasl_password"],
        )
    except ConfigurationError as exc:
        raise ConfigurationError(str(exc).replace("KafkaSettings.bootstrap_servers", "KAFKA_BOOTSTRAP")) from exc
    except OSError as exc:
        raise ConfigurationError(f"KAFKA_CA_FILE {given['ca_file']}: {exc.strerror or exc}") from exc


def _client(uri: str) -> MongoClient[dict[str, Any]]:
    try:
        return MongoClient(
            uri,
            tz_aware=True,
            serverSelectionTimeoutMS=_GIVE_UP_MS,
            connectTimeoutMS=_GIVE_UP_MS,
            socketTimeoutMS=_GIVE_UP_MS,
            w="majority",
        )
    except (PyMongoError, ValueError):
        # Without the cause: the driver's text may quote the address, and so the password.
        raise ConfigurationError(f"MONGODB_URI cannot be used: {SHAPE}") from None


def _database(client: MongoClient[dict[str, Any]], name: str | None) -> Any:
    try:
        return client[name] if name else client.get_default_database()
    except (PyMongoError, UnicodeError) as exc:
        if name:
            raise ConfigurationError(f"no database can be named {name!r}: see --database, MONGODB_DATABASE") from exc
        raise ConfigurationError(f"which database? Give --database or MONGODB_DATABASE ({exc})") from exc


def _collection(database: Any, name: str) -> Any:
    refusal = ConfigurationError(f"no collection can be named {name!r}: see --inbox and --marks")
    if "$" in name or not name.isprintable():
        raise refusal
    try:
        return database[name]
    except InvalidName as exc:
        raise refusal from exc
