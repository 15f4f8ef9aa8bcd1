"""A client that knows addresses only, and tries again: at the next replica, with the same request."""

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection, HTTPException
from typing import Any, NamedTuple

ANSWER_WITHIN_S = 30.0
KEEPS_TRYING_S = 60.0
PAUSE_S = 0.1
COME_BACK = frozenset({429, 503})
"""What a service answers to whoever may come again."""


class Answer(NamedTuple):
    status: int
    body: dict[str, Any]
    headers: Mapping[str, str]


class UnansweredError(AssertionError):
    """Nobody gave an answer that can be used, however often it was asked."""


class Counts:
    """What all callers of a run met, from any thread."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._met: Counter[str] = Counter()

    def met(self, what: str) -> None:
        with self._turn:
            self._met[what] += 1

    def __getitem__(self, what: str) -> int:
        return self._met[what]

    def __str__(self) -> str:
        return ", ".join(f"{count} {what}" for what, count in sorted(self._met.items())) or "nothing"


class Caller:
    """One client of one program. Not for several threads.

    Args:
        addresses: its replicas; it stays with one until that one fails it.
        first: which of them it begins with.
        counts: told of each failure.
    """

    def __init__(self, addresses: Sequence[tuple[str, int]], *, first: int = 0, counts: Counts | None = None) -> None:
        self._addresses = list(addresses)
        self._at = first % len(self._addresses)
        self._counts = counts or Counts()
        self._connection: HTTPConnection | None = None

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | bytes | None = None,
        *,
        token: str = "",
        headers: Mapping[str, str] | None = None,
        expect: Sequence[int] = (200,),
    ) -> Answer:
        """Send a request until a replica answers it as expected.

        Raises:
            UnansweredError: another answer came, or none for a minute.
        """
        content = json.dumps(body).encode() if isinstance(body, Mapping) else body
        sent = dict(headers or {})
        if isinstance(body, Mapping):
            sent["Content-Type"] = "application/json"
        if token:
            sent["Authorization"] = f"Bearer {token}"
        ends, answer = time.monotonic() + KEEPS_TRYING_S, None
        while time.monotonic() < ends:
            answer = self._try(method, path, content, sent)
            if answer is None or answer.status in COME_BACK:
                time.sleep(PAUSE_S)
                continue
            if answer.status in expect:
                return answer
            break
        raise UnansweredError(f"{method} {path}: {answer or 'no answer'}, expected {list(expect)}; met {self._counts}")

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _try(self, method: str, path: str, content: bytes | None, headers: Mapping[str, str]) -> Answer | None:
        """Send it once; without an answer the next one goes to another replica."""
        try:
            answer = self._sent(method, path, content, headers)
        except (OSError, HTTPException) as exc:
            self._counts.met(type(exc).__name__)
            self.close()
            self._at = (self._at + 1) % len(self._addresses)
            return None
        if answer.status in COME_BACK:
            self._counts.met(f"answers {answer.status}")
        return answer

    def _sent(self, method: str, path: str, content: bytes | None, headers: Mapping[str, str]) -> Answer:
        if self._connection is None:
            self._connection = HTTPConnection(*self._addresses[self._at], timeout=ANSWER_WITHIN_S)
            self._connection.connect()
            self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection.request(method, path, content, dict(headers))
        answer = self._connection.getresponse()
        raw = answer.read()
        return Answer(answer.status, json.loads(raw) if raw else {}, dict(answer.headers.items()))
