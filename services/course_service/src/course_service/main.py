"""The program: one command line, one exit code."""

import asyncio
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from functools import partial

from fastapi import FastAPI

from course_service import storage, topics
from course_service.authoring import SEARCHES
from course_service.bootstrap import build
from course_service.settings import NAME, CourseSettings, read_settings
from keylane import ConfigurationError
from lyceum_program import deploying
from lyceum_program.command_line import command_parser, exit_code
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


async def deploy(step: str, settings: CourseSettings) -> str:
    """Take one deploy step, `indexes` or `topics`; returns a line that says what was done.

    Raises:
        StartRefused: a server does not answer in time, or has an index with other options.
        ConfigurationError: Kafka refuses a topic.
    """
    if step == "indexes":
        return await deploying.create_indexes(settings.mongo, partial(storage.create, SEARCHES[settings.search]()))
    return await deploying.create_topics(settings.kafka, topics.specs(settings.topic_prefix, settings.group))


def _parser() -> ArgumentParser:
    return command_parser(
        NAME,
        description="Courses, what they cost, who bought them and who may attend.",
        epilog="Environment: MONGODB_URI, KAFKA_BOOTSTRAP and AUTH_KEYS_URL (required), STRIPE_API_KEY and "
        "STRIPE_WEBHOOK_SECRETS (or, in development, PAYMENT_PROVIDER=fake and PAYMENT_FAKE_SECRET), PORT, ENVIRONMENT "
        "and more, see the README. Example: MONGODB_URI=mongodb://localhost:27017 KAFKA_BOOTSTRAP=localhost:9092 "
        "AUTH_KEYS_URL=http://localhost:8001/.well-known/jwks.json ENVIRONMENT=development PAYMENT_PROVIDER=fake "
        "PAYMENT_FAKE_SECRET=for-development-only python -m course_service run",
        commands={
            "run": "answer requests and follow allocations until SIGTERM",
            "indexes": "deploy step: create the indexes that `run` verifies",
            "topics": "deploy step: create the topics that events come and leave by",
        },
    )
