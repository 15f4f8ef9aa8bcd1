"""HTTP/1.1 as uvicorn speaks it, but for the answer to what is no HTTP: a problem there too."""

import json

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from lyceum_web.problems import KIT_CODES
from lyceum_web.problems.rendering import MEDIA_TYPE, PAGES

_NOTHING_SENT = (h11.IDLE, h11.SEND_RESPONSE)
_BAD_REQUEST = next(entry for entry in KIT_CODES if entry.code == "bad_request")


class ProblemProtocol(H11Protocol):
    """Answers with a problem what cannot be read as a request: there is no application to ask yet."""

    def send_400_response(self, msg: str) -> None:
        """Answer, unless an answer has begun already, and hang up."""
        if self.conn.our_state in _NOTHING_SENT:
            content = _problem(msg)
            headers = [
                (b"content-type", MEDIA_TYPE.encode()),
                (b"content-length", str(len(content)).encode()),
                (b"connection", b"close"),
            ]
            start = h11.Response(status_code=_BAD_REQUEST.status, headers=headers, reason=b"Bad Request")
            for event in (start, h11.Data(data=content), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def _problem(detail: str) -> bytes:
    body = {
        "type": f"{PAGES}/{_BAD_REQUEST.code}",
        "title": _BAD_REQUEST.title,
        "status": _BAD_REQUEST.status,
        "detail": detail,
        "instance": "",
        "code": _BAD_REQUEST.code,
    }
    return json.dumps(body).encode()
