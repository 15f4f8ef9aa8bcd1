"""Serves one of the two applications on a port of its own: `python -m tests.benchmarks.web_server bare|kit`.

The first line of output is JSON: the port and the token. Each later line of input is answered by the processor time of
this process so far, in nanoseconds.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from typing import TYPE_CHECKING

import uvicorn

from lyceum_web.serving import Serving

from .web_site import KIT, bare_application, kit_application, log_to_nowhere

if TYPE_CHECKING:
    from fastapi import FastAPI


def tell(port: int, token: str) -> None:
    sys.stdout.write(json.dumps({"port": port, "token": token}) + "\n")
    sys.stdout.flush()
    threading.Thread(target=tell_time, daemon=True).start()


def tell_time() -> None:
    for _ in sys.stdin:
        sys.stdout.write(f"{time.process_time_ns()}\n")
        sys.stdout.flush()


class Bare(uvicorn.Server):
    """uvicorn as it comes, but for its log of requests."""

    def __init__(self, application: FastAPI) -> None:
        super().__init__(uvicorn.Config(application, port=0, access_log=False, log_config=None))

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override] # nobody passes any
        await super().startup()
        tell(self.servers[0].sockets[0].getsockname()[1], "")


def main(name: str) -> None:
    """Serve until the process is ended."""
    log_to_nowhere()
    if name == KIT:
        application, token = kit_application()
        serving = Serving(application, application.state.settings)
        asyncio.run(serving.run(started=lambda port: tell(port, token)))
    else:
        asyncio.run(Bare(bare_application()).serve())


if __name__ == "__main__":
    main(sys.argv[1])
