"""The bytes of a body, counted as they come: what the head announces proves nothing."""

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from lyceum_web.problems import ProblemError

PATIENCE_BYTES = 16 * 1024 * 1024
"""Read and thrown away beyond the limit, so that a client which sends before it listens still hears the answer."""

_TOO_LARGE = 413


def too_large(limit: int, *, close: bool) -> ProblemError:
    """Say that a body is too large.

    Args:
        limit: in bytes.
        close: more is on its way than anybody wants to read.
    """
    headers = {"Connection": "close"} if close else None
    return ProblemError("payload_too_large", detail=f"Send at most {limit} bytes in one request.", headers=headers)


async def read(receive: Receive, limit: int) -> bytes:
    """Return the whole body.

    Raises:
        ProblemError: `payload_too_large`.
        ClientDisconnect: the caller hung up.
    """
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(part)
        if size <= limit:
            parts.append(part)
        elif size > limit + PATIENCE_BYTES:
            raise too_large(limit, close=True)
    if size > limit:
        raise too_large(limit, close=False)
    return b"".join(parts)


def replayed(body: bytes, receive: Receive) -> Receive:
    """Give a body that was read to whoever reads it next."""
    given = False

    async def receive_again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


def counted(receive: Receive, limit: int) -> Receive:
    """Stop a body that is read piece by piece at the limit."""
    size = 0

    async def receive_counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > limit:
            # Not a ProblemError: FastAPI lets only this class through while it reads a form.
            raise HTTPException(_TOO_LARGE, headers={"Connection": "close"})
        return message

    return receive_counted
