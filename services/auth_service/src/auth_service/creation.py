"""The answer to a request that made something."""

from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.responses import Response

from lyceum_web.etags import etag


def created(shown: BaseModel, *, location: str, version: int) -> Response:
    """Answer with what was made, where it is, and which version that is."""
    headers = {"Location": location, "ETag": etag(version)}
    return JSONResponse(shown.model_dump(mode="json"), status_code=201, headers=headers)
