"""An ordinary HTTP client of the platform: JSON in, JSON or a problem out, patient where a service asks for it."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from lyceum_devstack.errors import ServerError
from lyceum_devstack.story.addresses import OPTIONS, Addresses, Service

CONNECTIONS = {Service.AUTH: 24, Service.COURSES: 64, Service.CHAT: 256}
"""At one time. Fewer than the auth service lets wait for a password hash; as many to the chat as wait for messages."""
ANSWER_WITHIN_S = 60.0
CONNECT_WITHIN_S = 6.0
TRIES = 8
"""Of one request, when the service says that it is busy or the connection breaks."""
LONGEST_PAUSE_S = 65.0
"""Over the minute in which most limits count; a service that asks for more patience is not waited for."""
_BUSY = (429, 503)


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
    """The connections of everybody in the story; closed with the block."""

    def __init__(self, addresses: Addresses) -> None:
        self.addresses = addresses
        self.sent = 0
        self.retried = 0
        trust = ssl.create_default_context()
        self._clients = {
            service: _client(addresses.of(service), count, trust) for service, count in CONNECTIONS.items()
        }

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._clients.values():
            await client.aclose()

    async def ask(self, ask: Ask) -> Any:
        """Send a request, again when the service is busy, and return what it answers.

        Raises:
            RefusedError: it answers with a problem.
            ServerError: it does not answer.
        """
        for number in range(1, TRIES + 1):
            try:
                answer = await self._send(ask)
            except httpx.TransportError as exc:
                if number == TRIES or not ask.again or isinstance(exc, httpx.ConnectError | httpx.ConnectTimeout):
                    raise self._silent(ask, exc) from exc
                pause_s = 0.1 * number
            else:
                if answer.is_success:
                    return answer.json() if answer.content else None
                pause_s = _asked_pause_s(answer)
                if number == TRIES or answer.status_code not in _BUSY or pause_s > LONGEST_PAUSE_S:
                    raise _refused(ask, answer)
            self.retried += 1
            await asyncio.sleep(pause_s)
        raise AssertionError("the last try returns or raises")  # pragma: no cover

    async def _send(self, ask: Ask) -> httpx.Response:
        self.sent += 1
        content = {"content": ask.body} if isinstance(ask.body, bytes) else {"json": ask.body}
        return await self._clients[ask.service].request(
            ask.method,
            ask.path,
            params=ask.query,
            headers=ask.headers,
            **(content if ask.body is not None else {}),
        )

    def _silent(self, ask: Ask, exc: httpx.TransportError) -> ServerError:
        address = self.addresses.of(ask.service)
        return ServerError(
            f"no {ask.service} at {address} ({str(exc) or type(exc).__name__}): is it running? Its address is given by "
            f"{OPTIONS[ask.service]}"
        )


def _client(address: str, connections: int, trust: ssl.SSLContext) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=address,
        verify=trust,
        trust_env=False,
        timeout=httpx.Timeout(ANSWER_WITHIN_S, connect=CONNECT_WITHIN_S, pool=None),
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
    )


def _asked_pause_s(answer: httpx.Response) -> float:
    text = answer.headers.get("retry-after", "1")
    return float(text) if text.isdecimal() else 1.0


def _refused(ask: Ask, answer: httpx.Response) -> RefusedError:
    problem = _problem(answer)
    code, said = str(problem.get("code", "")), str(problem.get("detail") or problem.get("title") or "")
    wait = f" (try again in {answer.headers['retry-after']} s)" if "retry-after" in answer.headers else ""
    return RefusedError(f"{ask}: {answer.status_code} {code} {said}{wait}".strip(), answer.status_code, code)


def _problem(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        problem = answer.json()
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}
