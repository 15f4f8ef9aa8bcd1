"""A port that stays free while its server is down."""

import random
import socket

import pytest

from real_servers.ports import LOOPBACK, UNASSIGNED, free_port


def test_a_free_port_can_be_bound_and_is_never_given_to_an_outgoing_connection() -> None:
    outgoing = []
    with socket.create_server((LOOPBACK, 0)) as server:
        for _ in range(20):
            with socket.create_connection(server.getsockname()) as client:
                outgoing.append(client.getsockname()[1])

    port = free_port()
    with socket.create_server((LOOPBACK, port)):
        assert port in UNASSIGNED
    assert not set(outgoing) & set(UNASSIGNED)


def test_a_port_in_use_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    taken, free = free_port(), free_port()
    drawn = iter([taken, taken, free])
    monkeypatch.setattr(random, "choice", lambda _: next(drawn))

    with socket.create_server((LOOPBACK, taken)):
        assert free_port() == free


def test_a_machine_without_a_free_port_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = free_port()
    monkeypatch.setattr(random, "choice", lambda _: taken)

    with socket.create_server((LOOPBACK, taken)), pytest.raises(OSError, match="has no free port"):
        free_port()
