"""The program: one command line, one exit code."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from importlib.metadata import version

from fastapi import FastAPI

from auth_service import storage
from auth_service.bootstrap import build
from auth_service.keys import KeysError, rotate
from auth_service.settings import NAME, AuthSettings, read_settings
from auth_service.topics import written_topic
from keylane import EXIT_CONFIGURATION, ConfigurationError
from lyceum_database import close, utc_now
from lyceum_program import deploying
from lyceum_program.errors import StartRefused
from lyceum_program.logs import log_to_stderr
from lyceum_program.signals import leaving_at_signals
from lyceum_web.program import run_service
from lyceum_web.settings import WebSettings


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
        sys.stdout.write(f"{asyncio.run(deploy(command, settings))}\n")
    except (StartRefused, ConfigurationError) as exc:
        sys.stderr.write(f"{NAME}: {exc}\n")
        return EXIT_CONFIGURATION
    finally:
        with leaving_at_signals(command):  # asyncio took its handlers away with its loop
            close()
    return 0


async def deploy(step: str, settings: AuthSettings) -> str:
    """Take one deploy step, `indexes`, `topics` or `rotate-keys`; returns a line that says what was done.

    Raises:
        StartRefused: a server does not answer in time or has an index with other options; the keys cannot be used.
        ConfigurationError: Kafka refuses a topic.
    """
    if step == "indexes":
        return await deploying.create_indexes(settings.mongo, storage.create)
    if step == "topics":
        return await deploying.create_topics(settings.kafka, [written_topic(settings.topic_prefix)])
    return _rotate_keys(settings)


def _rotate_keys(settings: AuthSettings) -> str:
    """Add a signing key, for where no `lyceum` command is at hand."""
    try:
        key = rotate(settings.keys_directory, now=utc_now()).key
    except KeysError as exc:
        raise StartRefused(str(exc)) from exc
    return f"key {key.kid} signs from {key.starts_at:%Y-%m-%d %H:%M:%S}Z on"


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
