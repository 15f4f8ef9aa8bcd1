"""One deployment of the whole platform on real servers, and the programs that serve it."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pymongo import MongoClient
from tests.wire.signing_in import PASSWORD

import allocation_worker.main
import allocation_worker.settings
import auth_service.main
import auth_service.settings
import chat_service.main
import chat_service.settings
import course_service.main
import course_service.settings
from lyceum_database import close
from real_servers.ports import LOOPBACK, free_port

from .program import Program

FAKE_SECRET = "whsec_of_a_provider_that_moves_no_money"  # noqa: S105 - of nobody
READY_WITHIN_S = 120.0
LOOK_EVERY_S = 0.1
LIMITS = (
    "AUTH_LIMIT_SIGN_UP",
    "AUTH_LIMIT_ADDRESS",
    "AUTH_LIMIT_TOKEN",
    "CHAT_LIMIT_SENDING",
    "CHAT_LIMIT_CONVERSATION",
    "CHAT_LIMIT_READING",
    "CHAT_LIMIT_SEARCH",
)
"""Rates that a crowd behind one address would meet."""


class Role(NamedTuple):
    """A program of the platform.

    Attributes:
        port: the variable that tells it its port.
        replicas: that run side by side.
        package: its modules `main` and `settings`.
    """

    name: str
    port: str
    replicas: int
    package: Any


ROLES = (
    Role("auth_service", "PORT", 1, auth_service),
    Role("course_service", "PORT", 2, course_service),
    Role("chat_service", "PORT", 2, chat_service),
    Role("allocation_worker", "HEALTH_PORT", 2, allocation_worker),
)


@dataclass(frozen=True)
class Site:
    """Names and addresses of one deployment.

    Attributes:
        name: stands before everything of it: topics, groups, and is the database's name.
        others: settings of the programs that differ from those here.
        keys_port: of the replica of the auth service from which the other programs fetch the keys of tokens.
    """

    bootstrap: str
    uri: str
    name: str
    folder: Path
    others: Mapping[str, str] = field(default_factory=dict)
    keys_port: int = field(default_factory=free_port)

    @property
    def prefix(self) -> str:
        return f"{self.name}."

    @property
    def settings(self) -> dict[str, str]:
        """What every program is told. A dead process's work moves within seconds, as fast as the broker allows."""
        return {
            "ENVIRONMENT": "development",
            "CURSOR_KEY": "of-all-replicas-so-that-lists-go-on-at-any",
            "HOST": "127.0.0.1",
            "HEALTH_HOST": "127.0.0.1",
            "LOG_LEVEL": "WARNING",
            "MONGODB_URI": self.uri,
            "MONGODB_DATABASE": self.name,
            "KAFKA_BOOTSTRAP": self.bootstrap,
            "KAFKA_TOPIC_PREFIX": self.prefix,
            "KAFKA_SESSION_TIMEOUT_SECONDS": "6",
            "KAFKA_HEARTBEAT_INTERVAL_SECONDS": "1",
            "INBOX_LEASE_SECONDS": "3",
            "SWEEP_INTERVAL_SECONDS": "2",
            "RECONCILE_INTERVAL_SECONDS": "2",
            "AUTH_KEYS_URL": f"http://{LOOPBACK}:{self.keys_port}/.well-known/jwks.json",
            "AUTH_KEYS_DIRECTORY": str(self.folder / "keys"),
            "AUTH_HASH_MEMORY_KIB": "7168",
            "AUTH_OUTBOX_LEASE_SECONDS": "2",
            "CHAT_OUTBOX_LEASE_SECONDS": "2",
            "COURSE_OUTBOX_LEASE_SECONDS": "2",
            "COURSE_SWEEP_SECONDS": "2",
            **dict.fromkeys(LIMITS, "10000/second"),
            "PAYMENT_PROVIDER": "fake",
            "PAYMENT_FAKE_SECRET": FAKE_SECRET,
            **self.others,
        }

    @property
    def environment(self) -> dict[str, str]:
        return dict(os.environ) | self.settings  # noqa: TID251 - a child needs this process's environment and more

    def group(self, program: str) -> str:
        """The consumer group of a program: its name with hyphens, under this site's prefix."""
        return f"{self.prefix}{program.replace('_', '-')}"

    def settings_of(self, role: Role, **others: str) -> Any:
        """What a program would read at its start, for a step of it that runs in this process."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {**self.settings, "KAFKA_GROUP": self.group(role.name), **others}.items():
                patch.setenv(name, value)
            return role.package.settings.read_settings()

    def deploy(self) -> None:
        """Take every deploy step of every program."""
        for role in ROLES:
            settings = self.settings_of(role)
            for step in ("indexes", "topics"):
                try:
                    asyncio.run(role.package.main.deploy(step, settings))
                finally:
                    close()

    def command(self, *arguments: str, typed: str = "") -> None:
        """Run `lyceum ...` as an operator does."""
        ended = subprocess.run(
            [sys.executable, "-m", "lyceum_devstack", *arguments],
            env=self.environment,
            input=typed,
            text=True,
            check=False,
            capture_output=True,
            timeout=60,
        )
        assert ended.returncode == 0, ended.stderr

    def make_administrator(self, email: str) -> None:
        self.command("users", "create-admin", email, typed=PASSWORD)

    @contextmanager
    def documents(self) -> Iterator[Any]:
        """The database, past all models."""
        with MongoClient[Any](self.uri, timeoutMS=20_000, tz_aware=True) as client:
            yield client[self.name]


@dataclass(frozen=True)
class Fleet:
    """All processes, by program."""

    programs: Mapping[str, tuple[Program, ...]]

    @property
    def all(self) -> list[Program]:
        return [one for replicas in self.programs.values() for one in replicas]

    def addresses(self, name: str) -> list[tuple[str, int]]:
        return [one.address for one in self.programs[name]]

    def until_ready(self) -> None:
        """Return when every process says that it is ready.

        Raises:
            AssertionError: one ended, or is not after two minutes; names it.
        """
        ends, left = time.monotonic() + READY_WITHIN_S, self.all
        while left := [one for one in left if not one.is_ready()]:
            names = ", ".join(one.name for one in left)
            assert time.monotonic() < ends, f"not ready after {READY_WITHIN_S:.0f} s: {names}"
            time.sleep(LOOK_EVERY_S)


@contextmanager
def running(site: Site, *, replicas: int | None = None) -> Iterator[Fleet]:
    """Run all programs until the end of the block; `replicas` of each if given."""
    fleet = _fleet(site, replicas)
    try:
        for one in fleet.all:
            one.start()
        fleet.until_ready()
        yield fleet
    except BaseException as exc:
        for one in fleet.all:
            exc.add_note(f"{one.name} said last: {one.last_lines or 'nothing'}")
        raise
    finally:
        for one in fleet.all:
            one.ask_to_stop()
        for one in fleet.all:
            one.until_ended()


def _fleet(site: Site, replicas: int | None) -> Fleet:
    ports = iter((site.keys_port,))
    return Fleet({role.name: _replicas(site, role, replicas or role.replicas, ports) for role in ROLES})


def _replicas(site: Site, role: Role, count: int, ports: Iterator[int]) -> tuple[Program, ...]:
    """Give each process a port, of those that are left or a free one."""
    environment = {**site.environment, "KAFKA_GROUP": site.group(role.name)}
    numbers = [next(ports, None) or free_port() for _ in range(count)]
    return tuple(
        Program(f"{role.name}-{n}", role.name, {**environment, role.port: str(port)}, port, site.folder)
        for n, port in enumerate(numbers, start=1)
    )
