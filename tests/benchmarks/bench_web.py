"""What the kit costs over a bare FastAPI endpoint, and what verifying a token costs over its bare signature.

Two applications have the same routes. One is FastAPI as it comes; the other has all that the kit adds by default:
access by a token (verified before: once per process), the session's standing, limits, ids, figures, a line of the log.
They take turns, in both orders; what is compared is the processor time that a request takes, so a busy machine matters
less. `served` is uvicorn and a real connection; `in-process` leaves the server out, and so is the harder comparison.
"""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from joserfc import jws

from lyceum_web.lifespan import running
from lyceum_web.security import TokenVerifier
from lyceum_web.security.compact import ALGORITHM
from lyceum_web.testing.keys import ISSUER, SigningKey, claims_at

from . import web_server
from .judging import Row
from .options import parsed
from .report import Report
from .web_site import ASKS, BARE, KIT, Ask, bare_application, kit_application, log_to_nowhere

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp, Message

BAR_PERCENT = 25.0
ROUNDS = {False: 15, True: 60}
REQUESTS = 200
"""Of one kind in one turn."""

CONNECTIONS = 4
TOKENS = 300
READ_BYTES = 65_536


def overhead(what: str, bare_us: list[float], kit_us: list[float], *, bar: float | None) -> Row:
    """Compare turns that followed each other; the median of their ratios."""
    percent = (statistics.median(kit / bare for bare, kit in zip(bare_us, kit_us, strict=True)) - 1) * 100
    figure = f"{statistics.median(kit_us):.0f} us, bare {statistics.median(bare_us):.0f} us: {percent:+.1f} %"
    return Row(what, figure, "" if bar is None else f"<= {bar:+.0f} %", None if bar is None else percent <= bar)


def in_turns(bare: Callable[[], float], kit: Callable[[], float], rounds: int) -> tuple[list[float], list[float]]:
    """Measure both, in both orders; the first turns warm up and do not count."""
    taken: dict[str, list[float]] = {BARE: [], KIT: []}
    for number in range(rounds + 2):
        for name, measure in ((BARE, bare), (KIT, kit))[:: 1 if number % 2 else -1]:
            taken[name].append(measure())
    return taken[BARE][2:], taken[KIT][2:]


def bench_in_process(rounds: int) -> list[Row]:
    """Call the applications as a server would, without one."""
    with asyncio.Runner() as runner:
        return runner.run(_in_process(rounds))


async def _in_process(rounds: int) -> list[Row]:
    kit, token = kit_application()
    async with running(bare_application()) as bare_app, running(kit) as kit_app:
        rows = []
        for ask in ASKS:
            taken: dict[str, list[float]] = {BARE: [], KIT: []}
            for number in range(rounds + 2):
                turn = ((BARE, bare_app), (KIT, kit_app))[:: 1 if number % 2 else -1]
                for name, application in turn:
                    taken[name].append(await _called(application, ask, token))
            rows.append(overhead(ask.what, taken[BARE][2:], taken[KIT][2:], bar=None))
        return rows


async def _called(application: ASGIApp, ask: Ask, token: str) -> float:
    """Microseconds of processor time, of all threads, for one request of many."""
    headers = [(name.lower(), value) for name, value in _headers(ask, token)]
    began = time.process_time_ns()
    for _ in range(REQUESTS):
        sent: list[Message] = []
        await application(_scope(ask, headers), _body(ask), _collector(sent))
        if sent[0]["status"] >= 300:
            raise SystemExit(f"{ask.what}: answered {sent[0]['status']}")
    return (time.process_time_ns() - began) / REQUESTS / 1000


def _headers(ask: Ask, token: str) -> list[tuple[bytes, bytes]]:
    usual = [(b"Host", b"127.0.0.1"), (b"Accept", b"*/*"), (b"User-Agent", b"bench"), (b"Accept-Encoding", b"gzip")]
    usual.append((b"Authorization", b"Bearer " + token.encode()))
    if ask.body:
        usual += [(b"Content-Type", b"application/json"), (b"Content-Length", str(len(ask.body)).encode())]
    return usual


def _scope(ask: Ask, headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": ask.method,
        "scheme": "http",
        "path": ask.path,
        "raw_path": ask.path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 80),
        "state": {},
    }


def _body(ask: Ask) -> Callable[[], Any]:
    left: list[Message] = [{"type": "http.request", "body": ask.body, "more_body": False}]

    async def receive() -> Message:
        return left.pop() if left else {"type": "http.disconnect"}

    return receive


def _collector(sent: list[Message]) -> Callable[[Message], Any]:
    async def send(message: Message) -> None:
        sent.append(message)

    return send


class Server:
    """One of the applications in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        told = json.loads(self._line())
        self._port = int(told["port"])
        self.token = str(told["token"])

    def microseconds(self, ask: Ask, token: str) -> float:
        """Processor time of the server for one request of many, on connections that stay open as long as the turn."""
        head = b"".join(name + b": " + value + b"\r\n" for name, value in _headers(ask, token))
        request = b"%s %s HTTP/1.1\r\n%s\r\n%s" % (ask.method.encode(), ask.path.encode(), head, ask.body)
        with ExitStack() as opened:
            connections = [opened.enter_context(self._connected()) for _ in range(CONNECTIONS)]
            began = self._cpu_ns()
            for _ in range(REQUESTS // CONNECTIONS):
                for connection in connections:
                    connection.sendall(request)
                for connection in connections:
                    _read_answer(connection, ask)
            return (self._cpu_ns() - began) / REQUESTS / 1000

    def _connected(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self._port), timeout=10)

    def _cpu_ns(self) -> int:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{' '.join(map(str, self._process.args))} ended: run it by itself to see why")  # type: ignore[arg-type] # a list, see _served
        return line


def _read_answer(connection: socket.socket, ask: Ask) -> None:
    answer = b""
    missing = 1
    while missing > 0:
        part = connection.recv(READ_BYTES)
        if not part:
            raise SystemExit(f"{ask.what}: the server hung up after {answer[:200]!r}")
        answer += part
        head, end, body = answer.partition(b"\r\n\r\n")
        if end:
            missing = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]) - len(body)
    if b" 200 " not in answer[:16]:
        raise SystemExit(f"{ask.what}: answered {answer[:200]!r}")


@contextmanager
def _served(name: str) -> Iterator[Server]:
    command = [sys.executable, "-m", web_server.__name__, name]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Server(process)
    finally:
        process.kill()
        process.communicate()


def bench_served(rounds: int) -> list[Row]:
    """Ask both over connections that stay open."""
    with ExitStack() as servers:
        bare, kit = (servers.enter_context(_served(name)) for name in (BARE, KIT))
        rows = []
        for ask in ASKS:
            taken = in_turns(
                partial(bare.microseconds, ask, kit.token), partial(kit.microseconds, ask, kit.token), rounds
            )
            rows.append(overhead(ask.what, *taken, bar=BAR_PERCENT))
        return rows


def bench_verification(rounds: int) -> list[Row]:
    """Judge tokens never seen before, beside checking their signatures with joserfc; and one seen before."""
    key = SigningKey()
    verifier = TokenVerifier(key.keys, issuer=ISSUER, capacity=1)
    now = verifier._clock()
    tokens = [key.signed(json.dumps(claims_at(now, sub=f"user-{number}")).encode()) for number in range(TOKENS)]

    def signatures() -> None:
        for token in tokens:
            jws.deserialize_compact(token, key.public, algorithms=[ALGORITHM])

    def judged() -> None:
        for token in tokens:
            verifier.verify(token)

    def remembered() -> None:
        for _ in tokens:
            verifier.verify(tokens[-1])

    bare, full = in_turns(lambda: _microseconds(signatures), lambda: _microseconds(judged), rounds)
    again = statistics.median(_microseconds(remembered) for _ in range(rounds))
    return [
        overhead("a token judged for the first time, beside joserfc's signature alone", bare, full, bar=None),
        Row("the same token again", f"{again:.1f} us", "", None),
    ]


def _microseconds(act: Callable[[], object]) -> float:
    began = time.thread_time_ns()
    act()
    return (time.thread_time_ns() - began) / TOKENS / 1000


CASES: dict[str, tuple[str, Callable[[int], list[Row]]]] = {
    "served": ("The kit over bare FastAPI, both served by uvicorn", bench_served),
    "in-process": ("The same without a server", bench_in_process),
    "verification": ("Verifying access tokens", bench_verification),
}


def main(arguments: list[str]) -> int:
    """Print the tables; 1 if the kit costs more than its bar when served."""
    options = parsed(arguments, "web", __doc__ or "", cases=CASES)
    report = Report("web", options)
    log_to_nowhere()
    gc.freeze()
    for name, (heading, bench) in CASES.items():
        if options.case in (None, name):
            note = "Medians of turns, processor time per request." if name != "verification" else ""
            report.add(heading, bench(ROUNDS[options.full]), note)
    return report.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
