"""An application on a socket of its own, for tests of what only a socket can show."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from fastapi import FastAPI

from lyceum_web.serving import Serving

PATIENCE_S = 20.0


@contextmanager
def served(application: FastAPI, *, shutdown_seconds: float = 5) -> Iterator[str]:
    """Serve the application on a free port of this machine, yield its address, and stop it.

    Raises:
        StartRefused: the application cannot work.
    """
    update = {"host": "127.0.0.1", "port": 0, "shutdown_seconds": shutdown_seconds}
    settings = application.state.settings.model_copy(update=update)
    service = Serving(application, settings)
    port: Future[int] = Future()
    stop: Future[asyncio.AbstractEventLoop] = Future()

    async def run() -> None:
        stop.set_result(asyncio.get_running_loop())
        await service.run(started=port.set_result)

    def work() -> None:
        try:
            asyncio.run(run())
        except BaseException as exc:
            if port.done():
                raise
            port.set_exception(exc)

    thread = threading.Thread(target=work, name="served")
    thread.start()
    try:
        yield f"http://127.0.0.1:{port.result(PATIENCE_S)}"
    finally:
        if thread.is_alive():
            stop.result().call_soon_threadsafe(service.request_stop)
        thread.join(PATIENCE_S)
