"""One small document over HTTP: no redirects, no proxies, and an end to waiting."""

import http.client
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Event, Timer
from urllib.parse import urlsplit

MAX_BYTES = 256 * 1024
TIMEOUT_S = 3.0
"""For connecting and for each read; and, from there on, for everything together."""


class NotFetched(Exception):  # noqa: N818 - a fact: the name answers "what happened?"
    """The document did not come. The text says why."""


def fetched(url: str, *, timeout_s: float = TIMEOUT_S) -> bytes:
    """Return the document.

    Raises:
        NotFetched: the server is away, too slow, answers something else than 200, or too much.
    """
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    with closing(kind(parts.hostname or "", parts.port, timeout=timeout_s)) as connection:
        try:
            connection.connect()
            return _answer(connection, f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}", timeout_s)
        except (OSError, http.client.HTTPException, ValueError) as exc:
            raise NotFetched(f"{type(exc).__name__}: {exc}") from exc


def _answer(connection: http.client.HTTPConnection, path: str, timeout_s: float) -> bytes:
    with _deadline(connection.sock, timeout_s) as passed:
        connection.request("GET", path, headers={"Accept": "application/json", "Connection": "close"})
        answer = connection.getresponse()
        if answer.status != http.client.OK:
            raise NotFetched(f"it answers {answer.status} {answer.reason}")
        document = answer.read(MAX_BYTES + 1)
    if passed.is_set():
        raise NotFetched(f"it takes more than {timeout_s:g} s")
    if len(document) > MAX_BYTES:
        raise NotFetched(f"it has more than {MAX_BYTES} bytes")
    return document


@contextmanager
def _deadline(connected: socket.socket, timeout_s: float) -> Iterator[Event]:
    """Hang up after so long: the connection's own timeout begins anew with each byte that comes."""
    passed = Event()
    timer = Timer(timeout_s, _hang_up, [connected, passed])
    timer.daemon = True
    timer.start()
    try:
        yield passed
    finally:
        timer.cancel()


def _hang_up(connected: socket.socket, passed: Event) -> None:
    passed.set()
    try:
        connected.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is over already
