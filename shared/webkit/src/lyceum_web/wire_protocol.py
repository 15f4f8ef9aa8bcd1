"""HTTP/1.1 as uvicorn speaks it, and two answers of our own where there is no application to ask yet.

What is no HTTP gets a problem too. A head that does not arrive is given up: uvicorn itself waits for ever, and whoever
opens connections and sends a byte a minute on each would have them all.
"""

import asyncio
import json
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from lyceum_web.problems import KIT_CODES, ProblemCode
from lyceum_web.problems.rendering import MEDIA_TYPE, PAGES

_NOTHING_SENT = (h11.IDLE, h11.SEND_RESPONSE)
_CODES = {entry.code: entry for entry in KIT_CODES}


class ProblemProtocol(H11Protocol):
    """One connection.

    Args:
        head_seconds: from the opening of a connection, or the first byte of another request on it, to the end of the
            request's head.
    """

    def __init__(self, *args: Any, head_seconds: float, **options: Any) -> None:
        super().__init__(*args, **options)
        self._head_seconds = head_seconds
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """Read on; a head that is complete is no longer waited for, one that has only begun is."""
        super().data_received(data)
        if self._answering or self.transport.is_closing():
            self._stop_waiting()
        elif self._patience is None and self.conn.trailing_data[0]:
            self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_waiting()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, and hang up."""
        self._hang_up("bad_request", msg)

    @property
    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete  # type: ignore[redundant-expr] # None at first

    def _wait_for_head(self) -> None:
        self._patience = self.loop.call_later(self._head_seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        self._patience = None
        if not self._answering and not self.transport.is_closing():
            self._hang_up("request_timeout", _CODES["request_timeout"].advice)

    def _hang_up(self, code: str, detail: str) -> None:
        if self.conn.our_state in _NOTHING_SENT:
            for part in _answer(_CODES[code], detail):
                self.transport.write(self.conn.send(part) or b"")
        self.transport.close()


def _answer(entry: ProblemCode, detail: str) -> tuple[h11.Event, ...]:
    body = {
        "type": f"{PAGES}/{entry.code}",
        "title": entry.title,
        "status": entry.status,
        "detail": detail,
        "instance": "",
        "code": entry.code,
    }
    content = json.dumps(body).encode()
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(content)).encode()),
        (b"connection", b"close"),
    ]
    start = h11.Response(status_code=entry.status, headers=headers, reason=entry.title.encode())
    return start, h11.Data(data=content), h11.EndOfMessage()
