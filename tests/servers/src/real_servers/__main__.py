"""`python -m real_servers run -- COMMAND...` and `python -m real_servers prepare`."""

import argparse
import contextlib
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

from real_servers.errors import ServersError
from real_servers.kafka import kafka_server
from real_servers.mongo import mongo_server
from real_servers.server import Server
from real_servers.settings import ServerSettings, environment_with

COULD_NOT_START = 2
NOT_FOUND = 127
INTERRUPTED = 128 + signal.SIGINT
TERMINATED = 128 + signal.SIGTERM
PATIENCE_S = 10.0  # for the command to end when this program is told to


def main(arguments: list[str] | None = None) -> int:
    """Exit code: that of the command; 2 when a server cannot be had, with one line that says why."""
    given = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _leave)
    settings = ServerSettings.from_environment()
    try:
        return _run(settings, given.command) if given.verb == "run" else _prepare(settings)
    except ServersError as error:
        _say(f"error: {error}")
        return COULD_NOT_START
    except KeyboardInterrupt:
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="real_servers", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("prepare", help="fetch everything into the cache and stop")
    run = verbs.add_parser("run", help="start both servers, run COMMAND with their addresses, stop them")
    run.add_argument("command", nargs="+", metavar="COMMAND", help="after `--`: the program and its arguments")
    return parser


def _prepare(settings: ServerSettings) -> int:
    for make in (kafka_server, mongo_server):
        make(settings, _say).close()
    _say(f"all that is needed is in {settings.cache}")
    return 0


def _run(settings: ServerSettings, command: list[str]) -> int:
    given = {"KAFKA_BOOTSTRAP": settings.kafka_bootstrap, "MONGODB_URI": settings.mongodb_uri}
    addresses = {variable: address for variable, address in given.items() if address}
    makers = {"KAFKA_BOOTSTRAP": kafka_server, "MONGODB_URI": mongo_server}
    servers = []
    with contextlib.ExitStack() as running:
        for variable, make in makers.items():
            if variable in addresses:
                _say(f"{variable} is set: using that server")
                continue
            server = running.enter_context(make(settings, _say))
            _say(f"{server.name} answers at {server.address} after {server.start_seconds:.1f} s")
            addresses[variable] = server.address
            servers.append(server)
        code = _call(command, addresses)
        if code:
            _keep_logs(servers, settings.logs)
    return code


def _call(command: list[str], addresses: dict[str, str]) -> int:
    began = time.monotonic()
    try:
        child = subprocess.Popen(command, env=environment_with(**addresses))
    except OSError as error:
        _say(f"error: cannot run {command[0]}: {error.strerror}")
        return NOT_FOUND
    try:
        code = child.wait()
    finally:
        _end(child)
    _say(f"{command[0]} ended with {code} after {time.monotonic() - began:.1f} s")
    return code


def _end(child: subprocess.Popen[bytes]) -> None:
    """See to it that the command is gone before the servers that it uses are."""
    child.terminate()  # does nothing to a process that has ended
    try:
        child.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _keep_logs(servers: list[Server], folder: Path) -> None:
    if servers:
        folder.mkdir(parents=True, exist_ok=True)
        kept = [str(shutil.copy(server.log, folder)) for server in servers]
        _say(f"server logs: {' '.join(kept)}")


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Turn SIGTERM into an ordinary exit, so that the servers are stopped on the way out."""
    sys.exit(TERMINATED)


def _say(line: str) -> None:
    sys.stderr.write(f"real_servers: {line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
