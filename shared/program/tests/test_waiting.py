"""A server that is away is waited for; a stop ends the waiting; any other error ends it too."""

import asyncio
from datetime import timedelta

import pytest

from lyceum_program import waiting
from lyceum_program.errors import StartRefused
from lyceum_program.waiting import Stopped, Waiting, patiently


async def test_it_ends_when_the_server_answers_and_said_what_it_waited_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(waiting, "PAUSE_S", 0.001)
    answers: list[Exception | str] = [ConnectionError("refused"), ConnectionError("refused"), "hello"]

    async def call() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    wait = Waiting()

    assert await wait.until("the oven", call, (ConnectionError,)) == "hello"
    assert wait.reason == "waits for the oven: refused"
    assert caplog.messages == ["waits for the oven: refused"], "said once in five seconds"


async def test_a_stop_ends_it_at_once() -> None:
    wait = Waiting()
    asked = asyncio.Event()

    async def call() -> None:
        asked.set()
        raise ConnectionError("refused")

    waits = asyncio.create_task(wait.until("the oven", call, (ConnectionError,)))
    await asked.wait()
    wait.request_stop()

    with pytest.raises(Stopped):
        await asyncio.wait_for(waits, waiting.PAUSE_S / 2)


async def test_an_error_that_waiting_does_not_heal_is_raised() -> None:
    async def call() -> None:
        raise ValueError("never")

    with pytest.raises(ValueError, match="never"):
        await Waiting().until("the oven", call, (ConnectionError,))


async def test_a_deploy_step_gives_up_and_says_what_it_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", timedelta(seconds=0.05))

    async def call() -> None:
        raise ConnectionError("refused")

    with pytest.raises(StartRefused, match=r"gave up after 0 s: waits for the oven: refused"):
        await patiently("the oven", call, (ConnectionError,))
