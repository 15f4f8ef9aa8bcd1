"""A route that does not say who may call it is found before anybody calls it."""

from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, WebSocket
from starlette.responses import Response
from starlette.routing import Mount, Route

from lyceum_web.security import CurrentPrincipal, public, requires, requires_login, undeclared
from lyceum_web.security.permissions import SignedIn


def application(router: APIRouter, **options: Any) -> FastAPI:
    made = FastAPI(openapi_url=None)
    made.include_router(router, **options)
    return made


def endpoint() -> str:
    return "x"


@pytest.mark.parametrize("rule", [requires("courses:read"), requires_login(), public()])
@pytest.mark.parametrize("place", ["route", "router", "including"])
def test_a_rule_may_stand_on_the_route_or_on_any_router_that_it_came_by(rule: Any, place: str) -> None:
    router = APIRouter(dependencies=[rule] if place == "router" else [])
    router.get("/x", dependencies=[rule] if place == "route" else [])(endpoint)
    outer = APIRouter()
    outer.include_router(router, dependencies=[rule] if place == "including" else [])

    assert undeclared(application(outer)) == []


def test_a_route_without_a_rule_is_named_with_what_to_do() -> None:
    router = APIRouter(prefix="/v1")
    router.post("/courses/{course_id}")(endpoint)

    assert undeclared(application(router)) == [
        "POST /v1/courses/{course_id} declares no permission: add requires('noun:verb'), requires_login() or public()"
    ]


def test_two_rules_are_one_too_many() -> None:
    router = APIRouter(dependencies=[requires_login()])
    router.get("/x", dependencies=[requires("courses:read")])(endpoint)

    assert undeclared(application(router)) == [
        "GET /x declares 2 rules of access: keep one, on the route or on its router"
    ]


def test_a_public_route_cannot_ask_who_is_calling() -> None:
    router = APIRouter()

    @router.get("/x", dependencies=[public()])
    def who(principal: CurrentPrincipal) -> str:
        return principal.user_id

    assert "is public and asks who is calling" in undeclared(application(router))[0]


def test_asking_who_is_calling_is_no_rule() -> None:
    router = APIRouter()

    @router.get("/x")
    def who(principal: CurrentPrincipal) -> str:
        return principal.user_id

    assert "declares no permission" in undeclared(application(router))[0]


def test_what_is_no_route_of_a_router_is_named_too() -> None:
    made = FastAPI(openapi_url=None)
    made.router.routes.append(Route("/plain", lambda _: Response()))
    made.router.routes.append(Mount("/files", app=Response()))

    @made.websocket("/socket")
    async def socket(socket: WebSocket) -> None:
        await socket.accept()

    lines = undeclared(made)

    assert [line.split(" declares")[0] for line in lines] == ["GET,HEAD /plain", "ANY /files", "ANY /socket"]
    assert undeclared(made, exempt=["/plain", "/files", "/socket"]) == []


def test_a_declared_socket_is_fine() -> None:
    made = FastAPI(openapi_url=None)

    @made.websocket("/socket", dependencies=[requires_login()])
    async def socket(socket: WebSocket) -> None:
        await socket.accept()

    assert undeclared(made) == []


@pytest.mark.parametrize(
    "text", ["", "courses", "courses:", ":read", "Courses:read", "courses:read:all", "a b:c", "*", "courses:*"]
)
def test_what_is_no_permission_is_refused_where_it_is_declared(text: str) -> None:
    with pytest.raises(ValueError, match="noun:verb"):
        requires(text)


def test_the_apis_document_says_which_routes_need_a_token() -> None:
    router = APIRouter()
    router.get("/in", dependencies=[requires("courses:read")])(endpoint)
    router.get("/out", dependencies=[public()], operation_id="out")(endpoint)
    document = application(router).openapi()

    assert document["paths"]["/in"]["get"]["security"] == [{"accessToken": []}]
    assert "security" not in document["paths"]["/out"]["get"]
    assert document["components"]["securitySchemes"]["accessToken"]["scheme"] == "bearer"


def test_what_may_end_a_request_is_told() -> None:
    assert "forbidden" in SignedIn("courses:read").problems
    assert "forbidden" not in SignedIn().problems
    assert {"unauthenticated", "invalid_token"} <= set(SignedIn().problems)
