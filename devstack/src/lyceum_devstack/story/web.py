"""An ordinary HTTP client of the platform: JSON in, JSON or a problem out, patient where a service asks for it."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from lyceum_devstack.errors import ServerError
from lyceum_devstack.story.addresses import OPTIONS, Addresses, Service
from lyceum_devstack.story.wire import ConnectionBrokenError, Connections, NotConnectedError, Response

CONNECTIONS = {Service.AUTH: 24, Service.COURSES: 64, Service.CHAT: 256}
"""At one time. Fewer than the auth service lets wait for a password hash; as many to the chat as wait for messages."""
ANSWER_WITHIN_S = 60.0
CONNECT_WITHIN_S = 6.0
TRIES = 8
"""Of one request, when the service says that it is busy or the connection breaks."""
LONGEST_PAUSE_S = 65.0
"""Over the minute in which most limits count; a service that asks for more patience is not waited for."""
_BUSY = (429, 503)
FIRST_NO_SUCCESS = 300


class RefusedError(ServerError):
    """A service answered with a problem.

    Attributes:
        status: of the answer.
        code: of the problem; empty for an answer that is none.
    """

    def __init__(self, message: str, status: int, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request.

    Attributes:
        body: sent as JSON; bytes are sent as they are.
        again: whether it may be sent again when the connection broke before the answer.
    """

    service: Service
    method: str
    path: str
    body: Any = None
    query: Mapping[str, str | int] | None = None
    headers: Mapping[str, str] | None = None
    again: bool = True

    def __str__(self) -> str:
        return f"{self.method} {self.path} of the {self.service}"


class Web:
    """The connections of everybody in the story; closed with the block.

    Attributes:
        sent: requests, repeats included.
        retried: requests that were sent again.
    """

    def __init__(self, addresses: Addresses) -> None:
        self.addresses = addresses
        self.sent = 0
        self.retried = 0
        self._to = {
            service: Connections(addresses.of(service), most=most, connect_s=CONNECT_WITHIN_S, answer_s=ANSWER_WITHIN_S)
            for service, most in CONNECTIONS.items()
        }

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connections in self._to.values():
            connections.close()

    async def ask(self, ask: Ask) -> Any:
        """Send a request, again when the service is busy, and return what it answers.

        Raises:
            RefusedError: it answers with a problem.
            ServerError: it does not answer.
        """
        for number in range(1, TRIES + 1):
            try:
                answer = await self._send(ask)
            except NotConnectedError as exc:
                raise self._silent(ask, exc) from exc
            except ConnectionBrokenError as exc:
                if number == TRIES or not ask.again:
                    raise self._silent(ask, exc) from exc
                pause_s = 0.1 * number
            else:
                if answer.status < FIRST_NO_SUCCESS:
                    return _read(ask, answer) if answer.body else None
                pause_s = _asked_pause_s(answer)
                if number == TRIES or answer.status not in _BUSY or pause_s > LONGEST_PAUSE_S:
                    raise _refused(ask, answer)
            self.retried += 1
            await asyncio.sleep(pause_s)
        raise AssertionError("the last try returns or raises")  # pragma: no cover

    async def _send(self, ask: Ask) -> Response:
        self.sent += 1
        headers = list((ask.headers or {}).items())
        if ask.body is None or isinstance(ask.body, bytes):
            body = ask.body or b""
        else:
            body = json.dumps(ask.body).encode()
            headers.append(("Content-Type", "application/json"))
        target = f"{ask.path}?{urlencode(ask.query)}" if ask.query else ask.path
        return await self._to[ask.service].send(ask.method, target, headers, body)

    def _silent(self, ask: Ask, exc: Exception) -> ServerError:
        address = self.addresses.of(ask.service)
        return ServerError(
            f"no {ask.service} at {address} ({exc}): is it running? Its address is given by {OPTIONS[ask.service]}"
        )


def _read(ask: Ask, answer: Response) -> Any:
    try:
        return json.loads(answer.body)
    except ValueError as exc:
        raise ServerError(f"{ask}: {answer.status} and no JSON: is this the {ask.service}?") from exc


def _asked_pause_s(answer: Response) -> float:
    text = answer.headers.get("retry-after", "1")
    return float(text) if text.isdecimal() else 1.0


def _refused(ask: Ask, answer: Response) -> RefusedError:
    problem = _problem(answer)
    code, said = str(problem.get("code", "")), str(problem.get("detail") or problem.get("title") or "")
    wait = f" (try again in {answer.headers['retry-after']} s)" if "retry-after" in answer.headers else ""
    return RefusedError(f"{ask}: {answer.status} {code} {said}{wait}".strip(), answer.status, code)


def _problem(answer: Response) -> Mapping[str, Any]:
    try:
        problem = json.loads(answer.body)
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}
