"""The program: one command line, one exit code."""

import asyncio
import sys
from argparse import ArgumentParser
from collections.abc import Sequence

from fastapi import FastAPI

from auth_service import storage
from auth_service.bootstrap import build
from auth_service.keys import KeysError, rotate
from auth_service.settings import NAME, AuthSettings, read_settings
from auth_service.topics import written_topic
from keylane import ConfigurationError
from lyceum_database import utc_now
from lyceum_program import deploying
from lyceum_program.command_line import command_parser, exit_code
from lyceum_program.errors import StartRefused
from lyceum_program.logs import log_to_stderr
from lyceum_web.program import run_service
from lyceum_web.settings import WebSettings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 2 for what waiting cannot heal, with one clear line."""
    command = _parser().parse_args(arguments).command
    if command == "run":
        return run_service(NAME, _application, refusals=(ConfigurationError,))
    return exit_code(NAME, command, lambda: _deploy(command))


def _application(_: WebSettings) -> FastAPI:
    return build(read_settings())


def _deploy(command: str) -> None:
    settings = read_settings()
    log_to_stderr(settings.web.log_level)
    sys.stdout.write(f"{asyncio.run(deploy(command, settings))}\n")


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


def _parser() -> ArgumentParser:
    return command_parser(
        NAME,
        description="Who is who on the platform: sign-up, login, sessions, roles, organizations.",
        epilog="Environment: MONGODB_URI, KAFKA_BOOTSTRAP and AUTH_KEYS_DIRECTORY (required), PORT, ENVIRONMENT and "
        "more, see the README. Example: MONGODB_URI=mongodb://localhost:27017 KAFKA_BOOTSTRAP=localhost:9092 "
        "AUTH_KEYS_DIRECTORY=/var/lib/lyceum/keys python -m auth_service run",
        commands={
            "run": "answer requests until SIGTERM",
            "indexes": "deploy step: create the indexes that `run` verifies",
            "topics": "deploy step: create the topic that events leave by",
            "rotate-keys": "add a signing key, as `lyceum keys rotate` does; the first one before `run`",
        },
    )
