"""Requests to an application, without a socket."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI
from starlette.types import ASGIApp

from lyceum_web.lifespan import running

ORIGIN = "http://service.test"


@contextmanager
def application_client(application: FastAPI) -> Iterator[httpx.Client]:
    """Start the application in a thread with a loop of its own, yield a client for it, and stop it.

    Any number of threads may use the client at one time. An error that the application does not handle is an answer
    here, as it is to a real client.

    Raises:
        StartRefused: the application cannot work.
    """
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(running(application)) as started,
        httpx.Client(transport=_Bridge(portal, started), base_url=ORIGIN) as client,
    ):
        yield client


class _Bridge(httpx.BaseTransport):
    """Hands requests of blocking callers to the application's loop."""

    def __init__(self, portal: BlockingPortal, application: ASGIApp) -> None:
        self._portal = portal
        self._transport = httpx.ASGITransport(application, raise_app_exceptions=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        return self._portal.call(self._answer, request)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._transport.handle_async_request(request)
        assert isinstance(answer.stream, httpx.AsyncByteStream)  # noqa: S101 - the transport's own promise
        content = b"".join([part async for part in answer.stream])
        return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(content))
