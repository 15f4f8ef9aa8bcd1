"""A connection is opened and closed by name; trouble has a name too."""

import socket
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import mongoengine
import pytest
from pymongo.errors import ConfigurationError

import lyceum_database
from lyceum_database import (
    AlreadyConnected,
    MongoSettings,
    NotConnected,
    SettingsError,
    Unavailable,
    User,
    UserRepository,
    utc_now,
)
from lyceum_database.embedded import EmbeddedMongoClient, connect_embedded, embedded_settings


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    lyceum_database.close()


def nobody_listens() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"mongodb://127.0.0.1:{probe.getsockname()[1]}"


def test_ping_answers(database: str) -> None:
    lyceum_database.ping()


def test_the_database_is_the_one_of_the_settings(database: str) -> None:
    assert mongoengine.get_db().name.startswith("test_")


def test_a_path_in_the_address_does_not_choose_the_database() -> None:
    lyceum_database.connect(MongoSettings(uri=nobody_listens() + "/other", database="mine"))

    assert mongoengine.get_db().name == "mine"


def test_writes_are_acknowledged_by_a_majority() -> None:
    lyceum_database.connect(MongoSettings(uri=nobody_listens() + "/?w=1"))

    assert mongoengine.get_db().write_concern.document == {"w": "majority"}


def test_connecting_again_with_the_same_settings_changes_nothing() -> None:
    settings = embedded_settings()
    lyceum_database.connect(settings, client_class=EmbeddedMongoClient)
    before = mongoengine.get_connection()

    lyceum_database.connect(settings, client_class=EmbeddedMongoClient)

    assert mongoengine.get_connection() is before


def test_connecting_elsewhere_asks_to_close_first() -> None:
    connect_embedded("one")

    with pytest.raises(AlreadyConnected, match=r"close\(\) first"):
        connect_embedded("two")


def test_closing_forgets_and_closing_twice_is_fine() -> None:
    connect_embedded()
    UserRepository().insert(User(id="one", name="Ada"))

    lyceum_database.close()
    lyceum_database.close()
    connect_embedded()

    assert UserRepository().find("one") is None


@pytest.mark.parametrize("use", [lyceum_database.ping, lambda: UserRepository().find("one")])
def test_use_before_connecting_says_what_to_call(use: Callable[[], object]) -> None:
    with pytest.raises(NotConnected, match="connect"):
        use()


def test_an_absent_server_is_unavailable_after_the_configured_time_and_connecting_does_not_wait() -> None:
    started = time.monotonic()
    lyceum_database.connect(MongoSettings(uri=nobody_listens(), server_selection_timeout_ms=200))
    assert time.monotonic() - started < 0.2

    uses: list[Callable[[], object]] = [
        lyceum_database.ping,
        lambda: UserRepository().find("one"),
        lambda: UserRepository().insert(User(name="Ada")),
        lambda: lyceum_database.verify_indexes([User]),
    ]
    for use in uses:
        started = time.monotonic()
        with pytest.raises(Unavailable) as raised:
            use()
        assert time.monotonic() - started < 2
        assert "\n" not in str(raised.value)


def test_a_save_that_could_not_be_sent_leaves_the_document_as_it_was_read() -> None:
    connect_embedded()
    users = UserRepository()
    user = users.insert(User(name="Ada"))
    changed_at = user.updated_at
    lyceum_database.close()
    lyceum_database.connect(MongoSettings(uri=nobody_listens(), server_selection_timeout_ms=100))

    with pytest.raises(Unavailable):
        users.save(user)

    assert (user.version, user.updated_at) == (1, changed_at)


def test_an_insert_that_could_not_be_sent_can_be_sent_again() -> None:
    lyceum_database.connect(MongoSettings(uri=nobody_listens(), server_selection_timeout_ms=100))
    user = User(name="Ada")
    with pytest.raises(Unavailable):
        UserRepository().insert(user)
    lyceum_database.close()
    connect_embedded()

    UserRepository().insert(user)

    assert UserRepository().get(user.id).version == 1


class RefusingClient:
    """A driver that quotes the address when it refuses it."""

    def __init__(self, host: Any, **options: Any) -> None:
        raise ConfigurationError(f"bad address {host}")


def test_options_that_the_driver_refuses_are_a_settings_error_without_the_password() -> None:
    settings = MongoSettings(uri="mongodb://user:tr0ub4dor@db.example")

    with pytest.raises(SettingsError) as raised:
        lyceum_database.connect(settings, client_class=RefusingClient)

    assert "db.example" in str(raised.value)
    assert "tr0ub4dor" not in "".join(traceback.format_exception(raised.value))


def test_after_a_refused_connection_there_is_none_and_another_can_be_opened() -> None:
    with pytest.raises(SettingsError):
        lyceum_database.connect(MongoSettings(uri="mongodb://user:tr0ub4dor@db"), client_class=RefusingClient)
    with pytest.raises(NotConnected) as raised:
        lyceum_database.ping()
    assert "tr0ub4dor" not in "".join(traceback.format_exception(raised.value))

    connect_embedded()

    lyceum_database.ping()


def test_moments_are_aware(database: str) -> None:
    users = UserRepository()
    user = users.insert(User(name="Ada", last_login_at=utc_now()))

    assert users.get(user.id).last_login_at == user.last_login_at


def test_a_sign_of_life_is_waited_for_as_long_as_asked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, and never says a word
        address = f"mongodb://127.0.0.1:{silent.getsockname()[1]}"
        lyceum_database.connect(MongoSettings(uri=address, server_selection_timeout_ms=20_000))
        began = time.monotonic()

        with pytest.raises(Unavailable):
            lyceum_database.ping(within_s=0.2)

        assert time.monotonic() - began < 10
