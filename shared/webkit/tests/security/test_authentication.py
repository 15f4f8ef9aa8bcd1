"""One look-up for everybody who asks at the same moment, and none for who is known."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from starlette.requests import HTTPConnection

from lyceum_database import Unavailable
from lyceum_web.security import (
    Claims,
    CurrentPrincipal,
    InvalidToken,
    Principal,
    Security,
    principal_in,
    requires,
    requires_login,
)
from lyceum_web.security.authentication import authenticate_again
from lyceum_web.security.flights import Flights
from lyceum_web.testing import Callers


class SlowDirectory:
    """Answers when it is let; knows nothing before."""

    def __init__(self) -> None:
        self.generation = 0
        self.lookups = 0
        self.began = threading.Semaphore(0)
        self.let = threading.Event()
        self.error: Exception | None = None

    def cached(self, claims: Claims) -> Principal | None:
        return None

    def principal(self, claims: Claims) -> Principal:
        self.lookups += 1
        self.began.release()
        assert self.let.wait(10)
        if self.error is not None:
            raise self.error
        return Principal(claims.user_id, claims.session_id, claims.org_id)

    async def asked(self) -> None:
        """Wait for one more look-up to begin."""
        assert await asyncio.to_thread(self.began.acquire, timeout=10)


async def asked_together(security: Security, token: str, count: int, directory: SlowDirectory) -> list[Any]:
    asking = [asyncio.ensure_future(security.find(token)) for _ in range(count)]
    await directory.asked()
    directory.let.set()
    return await asyncio.gather(*asking, return_exceptions=True)


async def test_requests_at_the_same_moment_share_one_look_up(callers: Callers) -> None:
    directory = SlowDirectory()
    security = Security(callers.security.verifier, directory)

    found = await asked_together(security, callers.token_for("ana"), 50, directory)

    assert {each.user_id for each in found} == {"ana"}
    assert directory.lookups == 1


@pytest.mark.parametrize("error", [Unavailable("away"), InvalidToken("revoked")])
async def test_they_share_its_failure_too_and_the_next_asks_again(callers: Callers, error: Exception) -> None:
    directory = SlowDirectory()
    directory.error = error
    security = Security(callers.security.verifier, directory)
    token = callers.token_for("ana")

    assert await asked_together(security, token, 10, directory) == [error] * 10
    directory.error = None
    assert (await security.find(token)).user_id == "ana"


async def test_who_hangs_up_disturbs_nobody(callers: Callers) -> None:
    directory = SlowDirectory()
    security = Security(callers.security.verifier, directory)
    token = callers.token_for("ana")
    first, second = (asyncio.ensure_future(security.find(token)) for _ in range(2))
    await directory.asked()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    directory.let.set()

    assert (await second).user_id == "ana"


async def test_who_asks_after_a_change_does_not_get_an_older_look_up(callers: Callers) -> None:
    directory = SlowDirectory()
    security = Security(callers.security.verifier, directory)
    token = callers.token_for("ana")
    before = asyncio.ensure_future(security.find(token))
    await directory.asked()
    directory.generation += 1
    after = asyncio.ensure_future(security.find(token))
    await directory.asked()
    directory.let.set()
    await asyncio.gather(before, after)

    assert directory.lookups == 2


async def test_flights_of_different_names_do_not_wait_for_each_other() -> None:
    flights: Flights[int] = Flights()
    let = threading.Event()
    slow = asyncio.ensure_future(flights.join("slow", lambda: int(let.wait(10))))

    assert await flights.join("quick", lambda: 5) == 5
    let.set()
    assert await slow == 1
    assert not flights._flying


def test_flights_of_a_loop_that_ended_hold_nobody_up() -> None:
    flights: Flights[int] = Flights()
    let = threading.Event()

    async def leave() -> None:
        flights.start("x", lambda: int(let.wait(10)))
        await asyncio.sleep(0.01)

    with ThreadPoolExecutor(1) as pool:
        ended = pool.submit(asyncio.run, leave())
        let.set()
        ended.result(10)

    assert asyncio.run(flights.join("x", lambda: 7)) == 7


def test_keys_are_fetched_again_beside_the_requests_they_serve(
    serve: Callable[..., httpx.Client], callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    refreshed = threading.Event()
    keys = callers.security.verifier.keys
    monkeypatch.setattr(keys, "stale", lambda: not refreshed.is_set())
    monkeypatch.setattr(keys, "refresh", refreshed.set)
    client = serve(_router(), security=callers.security)

    assert client.get("/who", headers=callers.headers("ana")).json() == "ana"
    assert refreshed.wait(10)


def test_a_refresh_that_fails_in_the_background_is_nobodys_error(
    serve: Callable[..., httpx.Client], callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise InvalidToken("no keys")

    monkeypatch.setattr(callers.security.verifier.keys, "stale", lambda: True)
    monkeypatch.setattr(callers.security.verifier.keys, "refresh", fail)
    client = serve(_router(), security=callers.security)

    assert all(client.get("/who", headers=callers.headers("ana")).json() == "ana" for _ in range(5))


def _router() -> APIRouter:
    router = APIRouter()

    @router.get("/who", dependencies=[requires_login()])
    def who(principal: CurrentPrincipal) -> str:
        return principal.user_id

    @router.get("/courses", dependencies=[requires("courses:read")])
    def read_courses() -> str:
        return "courses"

    return router


def test_a_database_that_is_away_is_said_to_be(serve: Callable[..., httpx.Client], callers: Callers) -> None:
    directory = SlowDirectory()
    directory.error = Unavailable("MongoDB does not answer: secret-host:27017")
    directory.let.set()
    client = serve(_router(), security=Security(callers.security.verifier, directory))
    answer = client.get("/who", headers=callers.headers("ana"))

    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
    assert "secret-host" not in answer.text


@pytest.mark.parametrize(
    ("permissions", "status"),
    [([], 403), (["courses:write"], 403), (["courses:read"], 200), (["courses:read", "x:y"], 200)],
)
def test_a_permission_is_needed_to_the_letter(
    serve: Callable[..., httpx.Client], callers: Callers, permissions: list[str], status: int
) -> None:
    client = serve(_router(), security=callers.security)
    answer = client.get("/courses", headers=callers.headers("ana", permissions=permissions))

    assert answer.status_code == status
    if status == 403:
        assert answer.json()["code"] == "forbidden"
        assert "courses:read" in answer.json()["detail"]


def test_signing_out_ends_a_callers_requests(serve: Callable[..., httpx.Client], callers: Callers) -> None:
    client = serve(_router(), security=callers.security)
    headers = callers.headers("ana")
    assert client.get("/who", headers=headers).status_code == 200
    callers.sign_out("ana")

    assert client.get("/who", headers=headers).json()["code"] == "invalid_token"


def test_the_rest_of_the_request_can_see_who_was_found(serve: Callable[..., httpx.Client], callers: Callers) -> None:
    assert principal_in({}) is None


def test_why_a_token_was_refused_is_in_the_log_alone(
    serve: Callable[..., httpx.Client], callers: Callers, caplog: pytest.LogCaptureFixture
) -> None:
    client = serve(_router(), security=callers.security)
    token = callers.token_for("ana")
    with caplog.at_level("INFO", "lyceum_web.security"):
        answer = client.get("/who", headers={"Authorization": f"Bearer {token[:-8]}AAAAAAAA"})

    assert [record.getMessage() for record in caplog.records] == ["a token was refused: its signature does not fit"]
    assert "signature" not in answer.text
    assert token[-20:] not in caplog.text


def test_a_request_that_lasts_may_look_again_whether_its_caller_still_counts(
    serve: Callable[..., httpx.Client], callers: Callers
) -> None:
    router = APIRouter()

    @router.get("/lasting", dependencies=[requires_login()])
    async def lasting(connection: HTTPConnection, caller: CurrentPrincipal) -> list[str]:
        first = await authenticate_again(connection)
        callers.sign_out(caller.user_id)
        with pytest.raises(InvalidToken):
            await authenticate_again(connection)
        still = principal_in(connection.scope)  # for the log: who it was
        return [first.user_id, still.user_id if still else ""]

    client = serve(router, security=callers.security)

    assert client.get("/lasting", headers=callers.headers("ana")).json() == ["ana", "ana"]
