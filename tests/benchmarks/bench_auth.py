"""Signing in: logins per second beside the Argon2 hashes that the machine can compute, in one run.

The service runs on a real MongoDB-protocol server on this very machine, with its default cost of a hash. Bare hashes and
logins take turns, so that whatever else the machine does meets both. Kafka is away: events wait in their documents.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import statistics
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from tests.wire.signing_in import NOWHERE, PASSWORD, AuthDeployment, Running, serving

from auth_service.passwords.hashing import Argon2Cost
from real_servers import mongo_server

from .account_timing import accounts_told_apart
from .judging import Row, at_least, percentile
from .options import parsed
from .report import Report

if TYPE_CHECKING:
    from collections.abc import Callable

COST = Argon2Cost()
CORES = os.cpu_count() or 1
CLIENTS = CORES + 8
"""More than hash at one time, fewer than may wait: nobody is refused."""
CROWD = 100
WAITING = 32
ACCOUNTS = 20
BAR_PERCENT = 60.0
"""Of the machine's hashes; the rest is for the database server and its eight calls, the token, HTTP and this client."""
MS = 1_000
UNAUTHORIZED = 401


@dataclass
class Answers:
    """What clients saw.

    Attributes:
        taken_s: seconds of each request, by status.
        over_s: in how many seconds.
    """

    taken_s: dict[int, list[float]] = field(default_factory=dict)
    over_s: float = 0.0
    turn: threading.Lock = field(default_factory=threading.Lock)

    def note(self, status: int, taken_s: float) -> None:
        with self.turn:
            self.taken_s.setdefault(status, []).append(taken_s)

    def rate(self, status: int = 200) -> float:
        return len(self.taken_s.get(status, ())) / self.over_s

    def ms(self, percent: float, status: int = 200) -> float:
        return percentile(self.taken_s[status], percent) * MS


@dataclass
class Client:
    """One connection that is kept."""

    address: str
    token: str = ""

    def __post_init__(self) -> None:
        parts = urlsplit(self.address)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)

    def login(self, number: int) -> int:
        body = json.dumps({"email": email(number % ACCOUNTS), "password": PASSWORD})
        return self._ask("POST", "/v1/login", body, {"Content-Type": "application/json"})

    def guess(self, exists: bool) -> None:
        """Sign in with a wrong password."""
        address = email(0) if exists else "nobody@example.org"
        body = json.dumps({"email": address, "password": "some wrong guess"})
        status = self._ask("POST", "/v1/login", body, {"Content-Type": "application/json"})
        if status != UNAUTHORIZED:
            raise RuntimeError(f"a wrong guess was answered with {status}")

    def me(self, _: int) -> int:
        return self._ask("GET", "/v1/me", None, {"Authorization": f"Bearer {self.token}"})

    def _ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> int:
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        answer.read()
        return answer.status


def email(number: int) -> str:
    return f"person-{number}@example.org"


def bare_hashes(seconds: float) -> float:
    """Passwords compared per second, by as many threads as there are cores, with nothing around them."""
    argon2 = PasswordHash((Argon2Hasher(time_cost=COST.passes, memory_cost=COST.memory_kib, parallelism=COST.lanes),))
    stored = argon2.hash(PASSWORD)
    until = time.monotonic() + seconds

    def verify(_: int) -> int:
        done = 0
        while time.monotonic() < until:
            argon2.verify(PASSWORD, stored)
            done += 1
        return done

    began = time.monotonic()
    with ThreadPoolExecutor(CORES) as threads:
        done = sum(threads.map(verify, range(CORES)))
    return done / (time.monotonic() - began)


def asked(clients: list[Callable[[int], int]], seconds: float) -> Answers:
    """Have all clients ask again and again."""
    found, until = Answers(), time.monotonic() + seconds

    def ask(number: int) -> None:
        while (began := time.monotonic()) < until:
            status = clients[number](number)
            found.note(status, time.monotonic() - began)

    began = time.monotonic()
    with ThreadPoolExecutor(len(clients)) as threads:
        list(threads.map(ask, range(len(clients))))
    found.over_s = time.monotonic() - began
    return found


def beside(service: Running, seconds: float) -> tuple[Answers, Answers]:
    """Sign in at full speed while one client asks who it is."""
    token = service.sign_in(email(0))["access_token"]
    with ThreadPoolExecutor(1) as thread:
        asking = thread.submit(asked, [Client(service.address, token).me], seconds)
        logins = asked([Client(service.address).login for _ in range(CLIENTS)], seconds)
        return logins, asking.result()


def measure(service: Running, rounds: int, seconds: float) -> list[Row]:
    for number in range(ACCOUNTS):
        service.sign_up(email(number))
    bare_hashes(0.5)
    asked([Client(service.address).login for _ in range(CLIENTS)], 1.0)
    turns = [(bare_hashes(seconds), *beside(service, seconds)) for _ in range(rounds)]
    crowd = asked([Client(service.address).login for _ in range(CROWD)], seconds)
    limit = statistics.median(bare for bare, _, _ in turns)
    rate = statistics.median(logins.rate() for _, logins, _ in turns)
    percent = statistics.median(logins.rate() / bare for bare, logins, _ in turns) * 100
    logins, me = turns[-1][1:]
    return [
        Row(f"Argon2id limit: {COST.memory_kib // 1024} MiB, {COST.passes} pass, {CORES} threads", f"{limit:.0f}/s"),
        at_least(
            f"logins, {CLIENTS} clients, of that limit", f"{rate:.0f}/s: {percent:.0f} %", percent, BAR_PERCENT, " %"
        ),
        Row("a login, median and 99th percentile", f"{logins.ms(50):.0f} ms and {logins.ms(99):.0f} ms"),
        Row("GET /v1/me meanwhile, median and 99th percentile", f"{me.ms(50):.0f} ms and {me.ms(99):.0f} ms"),
        Row(f"logins, {CROWD} clients, {WAITING} may wait", f"{crowd.rate():.0f}/s"),
        Row("  ... refused with 503, and how soon (median)", refusals(crowd)),
        unexpected([*(each for _, *both in turns for each in both), crowd]),
    ]


def refusals(crowd: Answers) -> str:
    refused = crowd.taken_s.get(503, [])
    return f"{len(refused) / crowd.over_s:.0f}/s, {statistics.median(refused) * MS:.0f} ms" if refused else "none"


def unexpected(found: list[Answers]) -> Row:
    others = sorted({status for answers in found for status in answers.taken_s} - {200, 503})
    calm = sorted({status for answers in found[:-1] for status in answers.taken_s} - {200})
    wrong = sorted({*others, *calm})
    return Row("answers of another kind", ", ".join(map(str, wrong)) or "none", "none", not wrong)


def main(arguments: list[str]) -> int:
    options = parsed(arguments, "auth", __doc__ or "")
    report = Report("auth", options)
    rounds, seconds = (5, 10.0) if options.full else (3, 4.0)
    with tempfile.TemporaryDirectory() as folder, mongo_server() as mongo:
        site = AuthDeployment(NOWHERE, mongo.address, f"bench-{secrets.token_hex(4)}", Path(folder))
        site.make_indexes()
        with serving(
            site,
            AUTH_HASH_MEMORY_KIB=str(COST.memory_kib),
            AUTH_HASHES_WAITING=str(WAITING),
            **dict.fromkeys(("AUTH_LIMIT_ACCOUNT", "AUTH_LIMIT_ADDRESS", "AUTH_LIMIT_SIGN_UP"), "10000/second"),
        ) as service:
            report.add("Sign-in", measure(service, rounds, seconds), f"{rounds} rounds of {seconds:.0f} s each.")
            guesses = 1_000 if options.full else 300
            told = accounts_told_apart(Client(service.address).guess, guesses)
            report.add("Who has an account", told, f"{guesses} wrong guesses of each kind, one at a time, in turn.")
    return report.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
