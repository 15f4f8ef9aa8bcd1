"""The program: one command line, one exit code."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib.metadata import version
from types import MappingProxyType

from fastapi import FastAPI

from auth_service import deploy
from auth_service.bootstrap import build
from auth_service.settings import NAME, AuthSettings, read_settings
from keylane import EXIT_CONFIGURATION, ConfigurationError
from lyceum_database import close
from lyceum_program.errors import StartRefused
from lyceum_program.logs import log_to_stderr
from lyceum_program.signals import leaving_at_signals
from lyceum_web.program import run_service
from lyceum_web.settings import WebSettings

STEPS: Mapping[str, Callable[[AuthSettings], Awaitable[str]]] = MappingProxyType(
    {"indexes": deploy.create_indexes, "topics": deploy.create_topics, "rotate-keys": deploy.rotate_keys}
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 2 for what waiting cannot heal, with one clear line."""
    command = _parser().parse_args(arguments).command
    if command == "run":
        return run_service(NAME, _application, refusals=(ConfigurationError,))
    with leaving_at_signals(command):
        return _deploy(command)


def _application(_: WebSettings) -> FastAPI:
    return build(read_settings())


def _deploy(command: str) -> int:
    try:
        settings = read_settings()
        log_to_stderr(settings.web.log_level)
        sys.stdout.write(f"{asyncio.run(_step(command, settings))}\n")
    except (StartRefused, ConfigurationError) as exc:
        sys.stderr.write(f"{NAME}: {exc}\n")
        return EXIT_CONFIGURATION
    finally:
        with leaving_at_signals(command):  # asyncio took its handlers away with its loop
            close()
    return 0


async def _step(command: str, settings: AuthSettings) -> str:
    return await STEPS[command](settings)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=NAME,
        description="Who is who on the platform: sign-up, login, sessions, roles, organizations.",
        epilog="Environment: MONGODB_URI, KAFKA_BOOTSTRAP and AUTH_KEYS_DIRECTORY (required), PORT, ENVIRONMENT and "
        "more, see the README. Example: MONGODB_URI=mongodb://localhost:27017 KAFKA_BOOTSTRAP=localhost:9092 "
        "AUTH_KEYS_DIRECTORY=/var/lib/lyceum/keys python -m auth_service run",
    )
    parser.add_argument("--version", action="version", version=f"{NAME} {version(NAME)}")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="answer requests until SIGTERM")
    commands.add_parser("indexes", help="deploy step: create the indexes that `run` verifies")
    commands.add_parser("topics", help="deploy step: create the topic that events leave by")
    commands.add_parser(
        "rotate-keys", help="add a signing key, as `lyceum keys rotate` does; the first one before `run`"
    )
    return parser
