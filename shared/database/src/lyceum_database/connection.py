"""One connection per process, opened and closed by name; nothing connects on import."""

from typing import Any

import mongoengine
import pymongo
from mongoengine.connection import ConnectionFailure as ConnectionRefusedByMapper
from pymongo import MongoClient
from pymongo.errors import ConfigurationError, InvalidURI

from lyceum_database.errors import AlreadyConnected, SettingsError
from lyceum_database.settings import MongoSettings
from lyceum_database.translation import translated_errors
from lyceum_database.uri import with_database


def connect(settings: MongoSettings, *, client_class: type[Any] = MongoClient) -> None:
    """Open the process's connection; the server is not asked yet, see `ping`.

    A second call with the same settings does nothing.

    Raises:
        AlreadyConnected: a connection with other settings is open.
        SettingsError: the driver cannot use these settings.
    """
    try:
        mongoengine.connect(
            db=settings.database,
            host=with_database(settings.uri.get_secret_value(), settings.database),
            mongo_client_class=client_class,
            tz_aware=True,
            uuidRepresentation="standard",
            w="majority",  # a failover must not undo an acknowledged write
            serverSelectionTimeoutMS=settings.server_selection_timeout_ms,
            connectTimeoutMS=settings.connect_timeout_ms,
            socketTimeoutMS=settings.socket_timeout_ms,
            maxPoolSize=settings.max_pool_size,
            appname="lyceum",
        )
    except (ConnectionRefusedByMapper, ConfigurationError, InvalidURI) as exc:
        if "different connection" in str(exc):
            raise AlreadyConnected("connected with other settings: call lyceum_database.close() first") from exc
        close()  # or the mapper would try these settings again at the first use
        # Without the cause: the driver's text may quote the address, and so the password.
        raise SettingsError(
            f"the driver cannot use MONGODB_URI (host {settings.address}): {_advice(settings)}"
        ) from None


def _advice(settings: MongoSettings) -> str:
    if settings.uri.get_secret_value().startswith("mongodb+srv://"):
        return "its name has no SRV record, or the name service does not answer; else check its options"
    return "check its options"


def close() -> None:
    """Close the process's connection, if there is one; models forget the collections they had."""
    mongoengine.disconnect()


def ping(*, within_s: float | None = None) -> None:
    """Ask the server for a sign of life.

    Args:
        within_s: for everything; a connection that stayed silent is not used again. None: the settings' time-outs, one
            after the other.

    Raises:
        Unavailable: no answer in time.
        AccessDenied: the server refused the credentials.
        NotConnected: `connect` was not called.
    """
    with translated_errors(), pymongo.timeout(within_s):
        mongoengine.get_db().command("ping")
