"""Keys are fetched when they are needed, seldom, and kept while their server is away."""

import http.server
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from lyceum_program.errors import StartRefused
from lyceum_web.security import AuthenticationUnavailable, InvalidToken, RemoteKeys, TokenVerifier
from lyceum_web.security.fetching import MAX_BYTES, NotFetched, fetched
from lyceum_web.security.key_set import MAX_KEYS, read_key_set
from lyceum_web.testing import ManualClock
from lyceum_web.testing.keys import ISSUER, SigningKey, claims_at

URL = "http://auth.test/.well-known/jwks.json"
ONE, TWO = SigningKey("one"), SigningKey("two")


def entry(key: SigningKey, **members: Any) -> dict[str, Any]:
    merged = {**key.public.as_dict(), "kid": key.kid, "use": "sig", "alg": "Ed25519", **members}
    return {name: value for name, value in merged.items() if value is not None}


def key_set(*entries: Any) -> bytes:
    return json.dumps({"keys": list(entries)}).encode()


class Server:
    """Answers with `document`, or fails while that is None."""

    def __init__(self, document: bytes | None) -> None:
        self.document = document
        self.asked = 0

    def __call__(self, url: str) -> bytes:
        assert url == URL
        self.asked += 1
        if self.document is None:
            raise NotFetched("away")
        return self.document


def keys_of(server: Server, clock: ManualClock) -> RemoteKeys:
    return RemoteKeys(URL, fetch=server, monotonic=clock.monotonic)


def token(key: SigningKey, clock: ManualClock) -> str:
    return key.signed(json.dumps(claims_at(clock())).encode())


def test_nothing_is_fetched_before_it_is_needed(clock: ManualClock) -> None:
    server = Server(key_set(entry(ONE)))
    keys = keys_of(server, clock)

    assert keys.key("one") is None
    assert keys.stale()
    assert server.asked == 0


def test_the_first_token_fetches_the_keys(clock: ManualClock) -> None:
    server = Server(key_set(entry(ONE)))
    verifier = TokenVerifier(keys_of(server, clock), issuer=ISSUER, clock=clock)

    for _ in range(10):
        assert verifier.verify(token(ONE, clock)).user_id == "user-1"
    assert server.asked == 1


def test_a_storm_of_unknown_keys_fetches_once_in_ten_seconds(clock: ManualClock) -> None:
    server = Server(key_set(entry(ONE)))
    verifier = TokenVerifier(keys_of(server, clock), issuer=ISSUER, clock=clock)
    verifier.verify(token(ONE, clock))
    strangers = [token(SigningKey(f"stranger-{number}"), clock) for number in range(100)]
    clock.advance(timedelta(seconds=9.99))
    for each in strangers:
        with pytest.raises(InvalidToken):
            verifier.verify(each)
    assert server.asked == 1
    clock.advance(timedelta(seconds=0.02))
    for each in strangers:
        with pytest.raises(InvalidToken):
            verifier.verify(each)

    assert server.asked == 2


def test_a_storm_from_many_threads_fetches_once(clock: ManualClock) -> None:
    server = Server(key_set(entry(ONE)))
    keys = keys_of(server, clock)
    together = threading.Barrier(20)

    def ask(_: int) -> None:
        together.wait()
        keys.refresh()
        assert keys.key("one") is not None

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(ask, range(20)))

    assert server.asked == 1


def test_a_new_key_is_found_by_the_first_token_that_names_it(clock: ManualClock) -> None:
    server = Server(key_set(entry(ONE)))
    verifier = TokenVerifier(keys_of(server, clock), issuer=ISSUER, clock=clock)
    verifier.verify(token(ONE, clock))
    server.document = key_set(entry(ONE), entry(TWO))
    clock.advance(timedelta(seconds=10))

    assert verifier.verify(token(TWO, clock)).user_id
    assert verifier.verify(token(ONE, clock)).user_id


GARBAGE = {
    "away": None,
    "nothing": b"",
    "a page": b"<html>",
    "a list": b"[]",
    "no keys": b"{}",
    "keys no list": b'{"keys": {}}',
    "keys null": b'{"keys": null}',
    "an empty set": key_set(),
    "too many": key_set(*[entry(ONE)] * (MAX_KEYS + 1)),
    "nested too deep": b'{"keys": ' + b"[" * 100_000,
    "not UTF-8": b'{"keys": "\xff"}',
    "nobody's keys": key_set(1, None, "key", [], {}),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_keys_that_were_had_are_kept_whatever_the_server_answers(name: str, clock: ManualClock) -> None:
    server = Server(key_set(entry(ONE)))
    verifier = TokenVerifier(keys_of(server, clock), issuer=ISSUER, clock=clock)
    verifier.verify(token(ONE, clock))
    server.document = GARBAGE[name]
    clock.advance(timedelta(hours=1))

    verifier.keys.refresh()
    assert verifier.verify(token(ONE, clock)).user_id
    with pytest.raises(InvalidToken):
        verifier.verify(token(TWO, clock))
    assert server.asked == 2


@pytest.mark.parametrize("name", GARBAGE)
def test_without_any_key_nobody_can_be_judged(name: str, clock: ManualClock) -> None:
    server = Server(GARBAGE[name])
    verifier = TokenVerifier(keys_of(server, clock), issuer=ISSUER, clock=clock)

    for _ in range(5):
        with pytest.raises(AuthenticationUnavailable) as raised:
            verifier.verify(token(ONE, clock))
    assert raised.value.headers["Retry-After"] == "1"
    assert server.asked == 1
    server.document = key_set(entry(ONE))
    clock.advance(timedelta(seconds=1))

    assert verifier.verify(token(ONE, clock)).user_id


def test_a_withdrawn_key_is_noticed_in_minutes(clock: ManualClock) -> None:
    server = Server(key_set(entry(ONE), entry(TWO)))
    keys = keys_of(server, clock)
    keys.refresh()
    kept = keys.key("one")
    server.document = key_set(entry(ONE))
    clock.advance(timedelta(minutes=5) - timedelta(seconds=1))
    assert not keys.stale()
    clock.advance(timedelta(seconds=1))
    assert keys.stale()

    keys.refresh()
    assert keys.key("two") is None
    assert keys.key("one") is kept  # what it verified stays verified
    assert not keys.stale()


def test_another_key_under_an_old_id_replaces_it(clock: ManualClock) -> None:
    server = Server(key_set(entry(ONE)))
    keys = keys_of(server, clock)
    keys.refresh()
    kept = keys.key("one")
    server.document = key_set({**entry(TWO), "kid": "one"})
    clock.advance(timedelta(minutes=5))
    keys.refresh()

    assert keys.key("one") is not kept


@pytest.mark.parametrize(
    "members",
    [
        {"use": "enc"},
        {"alg": "ES256"},
        {"alg": ["Ed25519"]},
        {"use": {}},
        {"kid": None},
        {"kid": 5},
        {"kid": "a/b"},
        {"kty": "RSA"},
        {"crv": "X25519"},
        {"crv": "Ed448"},
        {"x": None},
        {"x": 5},
        {"x": ""},
        {"x": "AAAA"},
        {"x": "!"},
    ],
)
def test_keys_for_something_else_are_passed_over(members: dict[str, Any]) -> None:
    assert set(read_key_set(key_set(entry(TWO), entry(ONE, **members)))) == {"two"}


def test_keys_may_leave_out_what_is_optional() -> None:
    assert set(read_key_set(key_set(entry(ONE, use=None, alg=None), entry(TWO, alg="EdDSA")))) == {"one", "two"}


def test_a_private_key_that_was_published_by_mistake_is_read_as_its_public_half() -> None:
    leaked = {**ONE.private.as_dict(private=True), "kid": "one"}

    assert not read_key_set(key_set(leaked))["one"].is_private


@pytest.mark.parametrize("url", ["", "auth", "ftp://auth/keys", "file:///etc/passwd", "http://", "//auth/keys"])
def test_what_is_no_address_stops_the_start(url: str) -> None:
    with pytest.raises(StartRefused, match="no address of a key set"):
        RemoteKeys(url)


Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                answer(self)
            except OSError:
                return  # the client hung up, as it should

        def log_message(self, *_: Any) -> None:
            """Keep the tests' output readable."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/keys?x=1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def answering(status: int, body: bytes, **headers: str) -> Answer:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def test_the_document_is_fetched_from_its_address() -> None:
    asked = []

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        answering(200, key_set(entry(ONE)))(handler)

    with serving(answer) as url:
        assert set(read_key_set(fetched(url))) == {"one"}
    assert asked == ["/keys?x=1"]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(status: int) -> None:
    with (
        serving(answering(200, key_set(entry(TWO)))) as elsewhere,
        serving(answering(status, b"", Location=elsewhere)) as url,
        pytest.raises(NotFetched, match=str(status)),
    ):
        fetched(url)


@pytest.mark.parametrize("status", [204, 401, 404, 500, 503])
def test_only_200_is_an_answer(status: int) -> None:
    with serving(answering(status, key_set(entry(ONE)))) as url, pytest.raises(NotFetched, match=str(status)):
        fetched(url)


def test_a_document_of_any_size_is_not_read() -> None:
    with serving(answering(200, b"x" * (MAX_BYTES + 1))) as url, pytest.raises(NotFetched, match="more than"):
        fetched(url)


def test_a_server_that_drips_is_left() -> None:
    def drip(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(1000):
            handler.wfile.write(b"x")
            time.sleep(0.05)  # it is what the server does wrong

    with serving(drip) as url, pytest.raises(NotFetched, match=r"more than 0\.3 s"):
        fetched(url, timeout_s=0.3)


def test_a_server_that_never_answers_is_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf, pytest.raises(NotFetched):
        fetched(f"http://127.0.0.1:{deaf.getsockname()[1]}/", timeout_s=0.2)


def test_a_server_that_is_not_there_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(NotFetched, match="refused"):
        fetched(f"http://127.0.0.1:{port}/")


def test_a_server_that_speaks_something_else_is_told() -> None:
    def babble(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"220 smtp.test ESMTP\r\n")
        handler.close_connection = True

    with serving(babble) as url, pytest.raises(NotFetched):
        fetched(url)
