"""The programs side by side: started one after another, stopped in the opposite order."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from fastapi import FastAPI

from allocation_worker.program import AllocationWorker
from lyceum_devstack.errors import ServerError
from lyceum_web.serving import Serving
from lyceum_web.settings import WebSettings


class Program(Protocol):
    """Something that runs until it is told to stop."""

    name: str

    async def run(self, started: Callable[[], None]) -> None: ...  # noqa: D102 - as the class says
    def request_stop(self) -> None: ...  # noqa: D102 - as the class says


class WorkerProgram:
    """The allocation worker."""

    name = "allocation-worker"

    def __init__(self, worker: AllocationWorker) -> None:
        self._worker = worker

    async def run(self, started: Callable[[], None]) -> None:
        """Work until a stop is asked for."""
        started()
        await self._worker.run()

    def request_stop(self) -> None:
        """Begin to stop."""
        self._worker.request_stop()


class ServiceProgram:
    """A service on its port.

    Attributes:
        address: where it answers, once it does.
    """

    def __init__(self, name: str, application: FastAPI, settings: WebSettings) -> None:
        self.name = name
        self.address = ""
        self._host = settings.host
        self._serving = Serving(application, settings)

    async def run(self, started: Callable[[], None]) -> None:
        """Answer until a stop is asked for."""

        def answers(port: int) -> None:
            self.address = f"http://{self._host}:{port}"
            started()

        await self._serving.run(started=answers)

    def request_stop(self) -> None:
        """Begin to stop; requests that run are finished."""
        self._serving.request_stop()


class Stack:
    """Programs that run together: what ends one ends all.

    Args:
        programs: in the order in which they start.
        say: is told what happens.
    """

    def __init__(self, programs: list[Program], say: Callable[[str], None]) -> None:
        self._programs = programs
        self._say = say
        self._stop = asyncio.Event()
        self._running: list[tuple[Program, asyncio.Task[None]]] = []

    def request_stop(self) -> None:
        """Begin to stop; asked a second time, without waiting for what runs."""
        if self._stop.is_set():
            for program, _ in self._running:
                program.request_stop()
        self._stop.set()

    async def run(self, *, started: Callable[[], None]) -> None:
        """Run until a stop is asked for.

        Args:
            started: called when every program runs.

        Raises:
            StartRefused: a program cannot work: its port is taken, say.
            ServerError: a program ended by itself.
        """
        try:
            for program in self._programs:
                if not await self._start(program):
                    return
            started()
            await self._until_the_end()
        finally:
            await self._end()

    async def _start(self, program: Program) -> bool:
        """Start one; False if a stop was asked for meanwhile."""
        begun = asyncio.Event()
        self._running.append((program, asyncio.create_task(program.run(begun.set), name=program.name)))
        await self._first_of(begun.wait(), self._stop.wait())
        return not self._stop.is_set()

    async def _until_the_end(self) -> None:
        await self._first_of(self._stop.wait())

    async def _first_of(self, *events: Coroutine[Any, Any, object]) -> None:
        """Wait for an event, or for a program that ends by itself.

        Raises:
            ServerError: one did.
        """
        waiting = [asyncio.create_task(event) for event in events]
        running = [task for _, task in self._running]
        try:
            await asyncio.wait([*waiting, *running], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()
        for task in running:
            if task.done() and not self._stop.is_set():
                task.result()
                raise ServerError(f"{task.get_name()} ended by itself")

    async def _end(self) -> None:
        for program, task in reversed(self._running):
            if not task.done():
                self._say(f"Stopping {program.name} ...")
                program.request_stop()
            await asyncio.wait([task])
        for _, task in self._running:
            if not task.cancelled() and self._stop.is_set():
                task.result()
