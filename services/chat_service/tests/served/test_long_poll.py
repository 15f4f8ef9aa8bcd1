"""Who waits for a message gets it at once, holds no thread, and reads nothing that is not theirs any more."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from lyceum_database import new_id
from lyceum_web.lifespan import running
from lyceum_web.settings import WebSettings

from .stage import Stage, chat_settings

FAR = timedelta(seconds=10)
"""No look at other processes falls into a test with this."""
LONG_S = 25


class Desk:
    """Clients of one process, on its own loop."""

    def __init__(self, stage: Stage, application: FastAPI, client: httpx.AsyncClient) -> None:
        self.stage = stage
        self.application = application
        self.client = client

    def ask(self, user_id: str, method: str, path: str, **options: Any) -> "asyncio.Task[httpx.Response]":
        headers = options.pop("headers", None) or self.stage.headers(user_id)
        return asyncio.ensure_future(self.client.request(method, path, headers=headers, **options))

    async def conversation(self, user_id: str = "ada") -> str:
        answer = await self.ask(user_id, "GET", "/v1/conversations")
        return str(answer.json()["items"][0]["id"])

    def wait(self, user_id: str, conversation_id: str, *, after: int = 1, wait: float = LONG_S, **options: Any) -> Any:
        params = {"after_seq": after, "wait": wait}
        return self.ask(user_id, "GET", f"/v1/conversations/{conversation_id}/messages", params=params, **options)

    async def send(self, user_id: str, conversation_id: str, body: str = "Hello") -> httpx.Response:
        sent = {"client_id": new_id(), "body": body}
        return await self.ask(user_id, "POST", f"/v1/conversations/{conversation_id}/messages", json=sent)

    async def waiting(self, count: int) -> None:
        """Return once so many wait and have looked."""
        async with asyncio.timeout(30):
            while self.resting != count:  # noqa: ASYNC110 - what others do is not announced
                await asyncio.sleep(0.005)

    @property
    def resting(self) -> int:
        held = self.stage.built.waits._waiting.values()
        return sum(one.seen is not None and not one.woken.is_set() for each in held for one in each)


@asynccontextmanager
async def desk(stage: Stage) -> AsyncIterator[Desk]:
    application = stage.application()
    async with running(application) as started:
        transport = httpx.ASGITransport(started, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://service.test", timeout=40) as client:
            yield Desk(stage, application, client)


@pytest.fixture
def staged(stored: str) -> Callable[..., Stage]:  # the database is what stages stand on
    def make(**changes: Any) -> Stage:
        made = Stage(chat_settings(**{"look_interval": FAR, **changes}))
        made.allocate()
        return made

    return make


async def test_a_message_that_is_sent_meanwhile_is_the_answer(staged: Callable[..., Stage]) -> None:
    async with desk(staged()) as here:
        conversation = await here.conversation()
        waiting = here.wait("tom", conversation)
        await here.waiting(1)
        sent = await here.send("ada", conversation)

        answer = await asyncio.wait_for(waiting, 5)

    assert sent.status_code == 201
    assert answer.json() == {"items": [sent.json()], "more": False}


async def test_what_is_there_is_not_waited_for_and_what_never_comes_is_an_empty_list(
    staged: Callable[..., Stage],
) -> None:
    async with desk(staged()) as here:
        conversation = await here.conversation()
        there = await asyncio.wait_for(here.wait("tom", conversation, after=0), 5)
        nothing = await asyncio.wait_for(here.wait("tom", conversation, wait=0.05), 5)

    assert [one["notice"] for one in there.json()["items"]] == ["opened"]
    assert (nothing.status_code, nothing.json()) == (200, {"items": [], "more": False})


async def test_a_message_that_another_process_took_is_found_by_the_next_look(staged: Callable[..., Stage]) -> None:
    stage = staged(look_interval=timedelta(milliseconds=50))
    other = Stage(stage.settings, stage.callers)
    async with desk(stage) as here, desk(other) as there:
        conversation = await here.conversation()
        waiting = here.wait("tom", conversation)
        await here.waiting(1)
        sent = await there.send("ada", conversation)

        answer = await asyncio.wait_for(waiting, 5)

    assert [one["id"] for one in answer.json()["items"]] == [sent.json()["id"]]


@pytest.mark.parametrize("elsewhere", [False, True], ids=["in this process", "in another"])
async def test_the_former_trainer_is_told_at_once_that_it_is_over(
    staged: Callable[..., Stage], elsewhere: bool
) -> None:
    stage = staged(look_interval=timedelta(milliseconds=50) if elsewhere else FAR)
    other = Stage(stage.settings, stage.callers) if elsewhere else stage
    async with desk(stage) as here:
        conversation = await here.conversation()
        former, student = here.wait("tom", conversation), here.wait("ada", conversation)
        await here.waiting(2)
        await asyncio.to_thread(other.hand_over, "tim")

        refused, told = await asyncio.wait_for(asyncio.gather(former, student), 5)

    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    assert [one["notice"] for one in told.json()["items"]] == ["handed_over"]


async def test_a_session_that_ends_meanwhile_reads_nothing_more(staged: Callable[..., Stage]) -> None:
    stage = staged()
    async with desk(stage) as here:
        conversation = await here.conversation()
        waiting = here.wait("tom", conversation)
        await here.waiting(1)
        stage.callers.sign_out("tom")
        await here.send("ada", conversation, "Not for Tom's thief")

        answer = await asyncio.wait_for(waiting, 5)

    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert "thief" not in answer.text


async def test_a_permission_that_is_taken_meanwhile_reads_nothing_more(staged: Callable[..., Stage]) -> None:
    stage = staged()
    async with desk(stage) as here:
        conversation = await here.conversation()
        waiting = here.wait("tom", conversation)
        await here.waiting(1)
        for session_id, principal in list(stage.callers._principals.items()):
            if principal.user_id == "tom":
                stage.callers._principals[session_id] = type(principal)("tom", session_id, principal.org_id)
        await here.send("ada", conversation)

        answer = await asyncio.wait_for(waiting, 5)

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_token_that_expires_meanwhile_reads_nothing_more(staged: Callable[..., Stage]) -> None:
    stage = staged()
    short = stage.callers.token_for("tom", permissions=["conversations:read"], lifetime=timedelta(seconds=2))
    async with desk(stage) as here:
        conversation = await here.conversation()
        headers = {"Authorization": f"Bearer {short}"}
        waiting = here.wait("tom", conversation, headers=headers)
        await here.waiting(1)
        verifier = stage.callers.security.verifier
        later = verifier._clock() + timedelta(minutes=5)
        verifier._clock = lambda: later
        stage.allocate(epoch=2, trainer="tom")  # a notice calls for another look

        answer = await asyncio.wait_for(waiting, 5)

    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


async def test_a_stop_lets_everybody_go_with_what_there_is(staged: Callable[..., Stage]) -> None:
    async with desk(staged()) as here:
        conversation = await here.conversation()
        waiting = [here.wait(who, conversation) for who in ("ada", "tom")]
        await here.waiting(2)
        here.application.state.life.health.begin_stopping()

        answers = await asyncio.wait_for(asyncio.gather(*waiting), 5)
        again = await asyncio.wait_for(here.wait("tom", conversation), 5)

    assert [(one.status_code, one.json()["items"]) for one in [*answers, again]] == [(200, [])] * 3


async def test_who_hangs_up_leaves_no_place_taken(staged: Callable[..., Stage]) -> None:
    stage = staged(waits=1)
    gone = asyncio.Event()
    async with desk(stage) as here:
        conversation = await here.conversation()
        scope = request_scope(here, f"/v1/conversations/{conversation}/messages", b"after_seq=1&wait=25")
        sent: list[Any] = []

        async def receive() -> Any:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        request = asyncio.ensure_future(here.client._transport.app(scope, receive, send))  # type: ignore[attr-defined] # it is the ASGI one
        await here.waiting(1)
        full = await here.wait("ada", conversation)
        gone.set()
        await asyncio.wait_for(request, 5)
        free = await here.wait("ada", conversation, wait=0.01)

    assert sent == [], "nobody listens"
    assert (full.status_code, full.json()["code"]) == (503, "overloaded")
    assert int(full.headers["Retry-After"]) >= 1
    assert free.status_code == 200


def request_scope(here: Desk, path: str, query: bytes) -> dict[str, Any]:
    headers = here.stage.headers("tom")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("service.test", 80),
    }


async def test_one_person_waits_in_so_many_places_and_is_told_what_to_do(staged: Callable[..., Stage]) -> None:
    async with desk(staged(waits_per_user=2)) as here:
        conversation = await here.conversation()
        waiting = [here.wait("tom", conversation) for _ in range(2)]
        await here.waiting(2)
        refused = await here.wait("tom", conversation)
        other = await here.wait("ada", conversation, wait=0.01)
        without = await here.ask("tom", "GET", f"/v1/conversations/{conversation}/messages")
        figures = (await here.ask("tom", "GET", "/metrics")).text
        here.application.state.life.health.begin_stopping()
        await asyncio.gather(*waiting)

    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_waits")
    assert "without `wait`" in refused.json()["detail"]
    assert int(refused.headers["Retry-After"]) >= 1
    assert (other.status_code, without.status_code) == (200, 200)
    assert "chat_waits 2.0" in figures
    assert 'chat_waits_refused_total{reason="user"} 1.0' in figures


async def test_a_thousand_who_wait_hold_no_thread_while_others_are_answered(staged: Callable[..., Stage]) -> None:
    threads = 4
    web = WebSettings(environment="development", threads=threads, requests=2000)
    stage = staged(web=web, waits=1500, waits_per_user=1000, look_interval=timedelta(milliseconds=100))
    async with desk(stage) as here:
        conversation = await here.conversation()
        before = threading.active_count()
        headers = stage.headers("tom")
        waiting = [here.wait("tom", conversation, headers=headers) for _ in range(1000)]
        await here.waiting(1000)

        assert threading.active_count() <= before + threads
        for number in range(threads * 3):  # each would hang if those who wait held the threads
            listed = await asyncio.wait_for(here.ask("ada", "GET", "/v1/conversations"), 10)
            assert listed.status_code == 200, number
        assert here.resting == 1000, "nobody was woken by what does not concern them"
        here.application.state.life.health.begin_stopping()
        answers = await asyncio.wait_for(asyncio.gather(*waiting), 60)

    assert {answer.status_code for answer in answers} == {200}
    assert stage.built.waits.count == 0
