"""The API's document and its interactive page, which loads nothing from anywhere else."""

from importlib.resources import as_file, files
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from lyceum_web.problems import ProblemError

OPENAPI = "/openapi.json"
DOCS = "/docs"
ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon.png": "image/png",
}
"""What the page needs of the package fastapi-offline, and of which kind it is."""

_INLINE = "'self' 'unsafe-inline'"  # the page is one script that starts the bundle
_POLICY = f"default-src 'self'; img-src 'self' data:; style-src {_INLINE}; script-src {_INLINE}"


def documentation_routes(application: FastAPI) -> list[Route]:
    """The document, the page, and what the page loads."""

    async def openapi(_: Request) -> JSONResponse:
        return JSONResponse(application.openapi())

    async def docs(_: Request) -> HTMLResponse:
        page = get_swagger_ui_html(
            openapi_url=OPENAPI,
            title=application.title,
            swagger_js_url=f"{DOCS}/swagger-ui-bundle.js",
            swagger_css_url=f"{DOCS}/swagger-ui.css",
            swagger_favicon_url=f"{DOCS}/favicon.png",
            swagger_ui_parameters={"validatorUrl": None},  # else the page sends the document's address to a service
        )
        page.headers["Content-Security-Policy"] = _POLICY
        return page

    async def asset(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in ASSETS:
            raise ProblemError("not_found")
        return Response(_read(name), headers={"Cache-Control": "public, max-age=86400"}, media_type=ASSETS[name])

    routes: list[tuple[str, Any]] = [(OPENAPI, openapi), (DOCS, docs), (f"{DOCS}/{{name}}", asset)]
    return [Route(path, endpoint, include_in_schema=False) for path, endpoint in routes]


def _read(name: str) -> bytes:
    with as_file(files("fastapi_offline") / "static" / name) as path:
        return path.read_bytes()
