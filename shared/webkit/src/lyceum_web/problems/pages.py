"""A page for each problem code: where `type` leads."""

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from lyceum_web.problems.codes import CodeTable, ProblemCode
from lyceum_web.problems.error import ProblemError
from lyceum_web.problems.rendering import PAGES

_PAGE = "<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><h1>{title}</h1>{text}"


def problem_routes(codes: CodeTable) -> list[Route]:
    """The list of all codes, and a page for each."""

    async def listed(_: Request) -> HTMLResponse:
        rows = "".join(_row(entry) for entry in codes.values())
        return HTMLResponse(_PAGE.format(title="Problem codes", text=f"<table>{rows}</table>"))

    async def one(request: Request) -> HTMLResponse:
        entry = codes.get(request.path_params["code"])
        if entry is None:
            raise ProblemError("not_found")
        text = f"<p>{escape(entry.advice)}</p><p><code>{entry.code}</code>, HTTP status {entry.status}</p>"
        return HTMLResponse(_PAGE.format(title=escape(entry.title), text=text))

    return [
        Route(PAGES, listed, include_in_schema=False),
        Route(f"{PAGES}/{{code}}", one, include_in_schema=False),
    ]


def _row(entry: ProblemCode) -> str:
    link = f"<a href={PAGES}/{entry.code}>{entry.code}</a>"
    return f"<tr><td>{link}<td>{entry.status}<td>{escape(entry.title)}<td>{escape(entry.advice)}"
