"""RATE_LIMIT_STORAGE=redis://... counts for all processes together; its failures take nobody's time."""

import hashlib
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from lyceum_program.errors import StartRefused
from lyceum_web.rates import Limit, RateLimiter, rate_limiter

pytest.importorskip("redis", reason="needs the extra `redis`")

LIMIT = Limit.of("login", "3/minute", strict=True)
READS = Limit.of("reads", "3/minute")


class Redis(socketserver.ThreadingTCPServer):
    """As much of Redis (https://redis.io/docs/latest/develop/reference/protocol-spec/) as the limiter asks for.

    The two scripts are recognised by their text, and done in Python: a list of moments for each key.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Connection)
        self.scripts: dict[str, str] = {}
        self.moments: dict[str, list[float]] = {}
        self.turn = threading.Lock()
        self.sick = False
        self.refused = 0

    @property
    def address(self) -> str:
        return f"redis://127.0.0.1:{self.server_address[1]}/0"

    def run(self, script: str, key: str, values: list[str]) -> Any:
        moments = self.moments.setdefault(key, [])
        if "lpush" in script:
            now, limit, window, amount = (float(value) for value in values)
            place = int(limit - amount)
            if place < len(moments) and moments[place] >= now - window:
                return None
            moments[:0] = [now] * int(amount)
            del moments[int(limit) :]
            return 1
        since, limit = float(values[0]), int(values[1])
        recent = [moment for moment in moments[:limit] if moment >= since]
        return [str(recent[-1]), len(recent)] if recent else None

    def answer(self, command: list[str]) -> Any:
        name = command[0].upper()
        if self.sick:
            self.refused += 1
            return ValueError("LOADING Redis is loading the dataset in memory")
        if name == "SCRIPT":
            digest = hashlib.sha1(command[2].encode(), usedforsecurity=False).hexdigest()
            self.scripts[digest] = command[2]
            return digest
        if name == "EVALSHA":
            if command[1] not in self.scripts:
                return ValueError("NOSCRIPT No matching script.")
            with self.turn:
                return self.run(self.scripts[command[1]], command[3], command[4:])
        return {"server": "redis", "version": "7.4.0", "proto": 3} if name == "HELLO" else "OK"


class Connection(socketserver.StreamRequestHandler):
    server: Redis

    def handle(self) -> None:
        while line := self.rfile.readline():
            command = []
            for _ in range(int(line[1:])):
                length = int(self.rfile.readline()[1:])
                command.append(self.rfile.read(length + 2)[:-2].decode())
            self.wfile.write(written(self.server.answer(command)))


def written(value: Any) -> bytes:
    if value is None:
        return b"_\r\n"
    if isinstance(value, ValueError):
        return b"-%s\r\n" % str(value).encode()
    if isinstance(value, int):
        return b":%d\r\n" % value
    if isinstance(value, dict):
        return b"%%%d\r\n" % len(value) + b"".join(written(name) + written(each) for name, each in value.items())
    if isinstance(value, list):
        return b"*%d\r\n" % len(value) + b"".join(written(each) for each in value)
    return b"$%d\r\n%s\r\n" % (len(value), value.encode())


@contextmanager
def running() -> Iterator[Redis]:
    with Redis() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def redis() -> Iterator[Redis]:
    with running() as server:
        yield server


def passes(limiter: RateLimiter, count: int, limit: Limit = LIMIT, key: str = "ana") -> list[bool]:
    return [limiter.hit(limit, key) is None for _ in range(count)]


def test_processes_that_share_a_redis_share_the_limit(redis: Redis) -> None:
    one, two = rate_limiter(redis.address), rate_limiter(redis.address)

    assert one.waits
    assert passes(one, 2) + passes(two, 2) == [True, True, True, False]
    assert passes(two, 1, key="ben") == [True]


def test_what_is_left_and_when_there_is_more_are_told(redis: Redis) -> None:
    limiter = rate_limiter(redis.address)
    taken = [limiter.take(LIMIT, "ana") for _ in range(4)]

    assert [(each.allowed, each.remaining) for each in taken] == [(True, 2), (True, 1), (True, 0), (False, 0)]
    assert all(58 < each.reset_s <= 60 for each in taken)
    wait = limiter.hit(LIMIT, "ana")
    assert wait is not None
    assert 59 <= wait <= 60


def test_a_redis_that_is_away_costs_one_timeout_and_strict_limits_hold() -> None:
    with running() as server:
        limiter = rate_limiter(server.address)
        assert passes(limiter, 1) == [True]
        server.sick = True
        assert passes(limiter, 4) == [True, True, True, False]  # by this process alone
        assert passes(limiter, 10, READS) == [True] * 10


def test_a_redis_that_failed_is_left_alone_for_a_second(redis: Redis) -> None:
    limiter = rate_limiter(redis.address)
    passes(limiter, 1, READS)
    redis.sick = True
    limiter._windows._monotonic = lambda: 5.0  # type: ignore[attr-defined] # time stands still

    assert passes(limiter, 100, READS) == [True] * 100
    assert redis.refused == 1


def test_a_redis_that_is_gone_lets_all_pass() -> None:
    with running() as server:
        address = server.address

    assert passes(rate_limiter(address), 100, READS) == [True] * 100


def test_it_counts_again_once_redis_is_back(redis: Redis) -> None:
    limiter = rate_limiter(redis.address)
    redis.sick = True
    passes(limiter, 1, READS)
    redis.sick = False
    limiter._windows._asked_again_at = 0.0  # type: ignore[attr-defined] # the pause is over

    assert passes(limiter, 4, READS) == [True, True, True, False]


def test_a_program_starts_without_its_redis() -> None:
    with running() as server:
        address = server.address

    assert rate_limiter(address).waits


@pytest.mark.parametrize("address", ["redis://x:notaport", "redis://[::1"])
def test_an_address_that_is_none_stops_the_start(address: str) -> None:
    with pytest.raises(StartRefused, match="RATE_LIMIT_STORAGE: give memory://"):
        rate_limiter(address)
