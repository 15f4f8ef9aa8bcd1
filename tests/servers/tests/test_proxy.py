"""What a client sees of its server through a proxy that is told to misbehave."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from real_servers import Proxy, ProxyFailed
from real_servers import proxy as proxy_module
from real_servers.ports import LOOPBACK, free_port

QUICK_S = 0.2


@pytest.fixture
def server() -> Iterator[int]:
    """Gives back what each of its clients sends, for as long as they stay."""
    listening = socket.create_server((LOOPBACK, 0))

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while piece := connection.recv(65_536):
                connection.sendall(piece)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=answer, args=(listening.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listening.getsockname()[1]
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()


@pytest.fixture
def between(server: int) -> Iterator[Proxy]:
    with Proxy(server) as proxy:
        yield proxy


@pytest.fixture
def client(between: Proxy) -> Iterator[socket.socket]:
    with socket.create_connection((LOOPBACK, between.port), 5) as connection:
        assert echoed(connection, b"hello")
        yield connection


def echoed(connection: socket.socket, words: bytes) -> bool:
    connection.sendall(words)
    return heard(connection, len(words)) == words


def is_reset(between: Proxy) -> bool:
    """As soon as it connects, or at its first read."""
    try:
        with socket.create_connection((LOOPBACK, between.port), 5) as connection:
            connection.recv(1)
    except ConnectionResetError:
        return True
    return False


def heard(connection: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count and (piece := connection.recv(count - len(found))):
        found += piece
    return found


def test_what_is_sent_arrives_whole(client: socket.socket) -> None:
    assert echoed(client, bytes(range(256)) * 4_000)


def test_a_cut_resets_who_is_connected_and_nobody_else(between: Proxy, client: socket.socket) -> None:
    between.cut()

    with pytest.raises(ConnectionResetError):
        client.recv(1)
    with socket.create_connection((LOOPBACK, between.port), 5) as again:
        assert echoed(again, b"hello")


def test_a_refusal_holds_for_new_connections_until_it_is_taken_back(between: Proxy, client: socket.socket) -> None:
    between.refuse()

    assert is_reset(between)
    assert is_reset(between)
    between.restore()
    with socket.create_connection((LOOPBACK, between.port), 5) as again:
        assert echoed(again, b"hello")


def test_a_black_hole_keeps_connections_and_delivers_late(between: Proxy, client: socket.socket) -> None:
    between.blackhole()
    client.settimeout(QUICK_S)
    with pytest.raises(TimeoutError):
        echoed(client, b"lost?")

    between.restore()
    client.settimeout(5)

    assert heard(client, 5) == b"lost?"


def test_a_delay_holds_every_piece_back_in_both_directions(between: Proxy, client: socket.socket) -> None:
    between.delay(QUICK_S)
    began = time.monotonic()

    assert echoed(client, b"hello")

    assert time.monotonic() - began >= 2 * QUICK_S


def test_a_client_that_leaves_is_forgotten(between: Proxy, client: socket.socket) -> None:
    assert between.connections == 1
    client.close()

    deadline = time.monotonic() + 5
    while between.connections:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_server_that_is_away_is_a_reset() -> None:
    with Proxy(free_port()) as between:
        assert is_reset(between)


def test_a_proxy_that_does_not_obey_is_reported(between: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy_module, "PATIENCE_S", 0.05)
    busy = threading.Event()
    between._loop.call_soon_threadsafe(busy.wait, 1.0)

    with pytest.raises(ProxyFailed, match="did not obey"):
        between.cut()

    busy.set()
    monkeypatch.undo()
    asyncio.run_coroutine_threadsafe(asyncio.sleep(0), between._loop).result(5)
