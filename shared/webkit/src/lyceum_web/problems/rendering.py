"""The form of a problem: RFC 9457, `application/problem+json`."""

import json
from dataclasses import asdict
from typing import Any

from starlette.responses import Response
from starlette.types import Scope

from lyceum_web import correlation
from lyceum_web.problems.codes import CodeTable
from lyceum_web.problems.error import ProblemError

MEDIA_TYPE = "application/problem+json"
PAGES = "/problems"
"""Where the application explains its codes; `type` leads there."""


def rendered(scope: Scope, codes: CodeTable, error: ProblemError) -> Response:
    """Write the problem of one request."""
    entry = codes[error.code]
    ids = correlation.current()
    body: dict[str, Any] = {
        "type": f"{PAGES}/{entry.code}",
        "title": entry.title,
        "status": entry.status,
        "detail": error.detail or entry.advice,
        "instance": scope["path"],
        "code": entry.code,
    }
    if ids is not None:
        body |= {"correlation_id": ids.correlation_id, "trace_id": ids.trace_id}
    if error.errors:
        body["errors"] = [asdict(each) for each in error.errors]
    return Response(json.dumps(body), entry.status, {"Cache-Control": "no-store", **error.headers}, MEDIA_TYPE)
