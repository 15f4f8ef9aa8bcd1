"""The service on an embedded database that is empty per test, with cheap hashes and a clock that stands still."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from threading import Barrier, BrokenBarrierError, get_ident
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from auth_service import storage
from auth_service.keys import KeyDirectory, TokenIssuer, rotate
from auth_service.keys.router import router as keys_router
from auth_service.models import AuditEntry
from auth_service.organizations.repository import Organizations
from auth_service.passwords.hashing import Argon2Cost, PasswordHasher
from auth_service.people import People
from auth_service.problems import CODES, ERRORS
from auth_service.roles.builtin import role_id
from auth_service.roles.repository import Roles
from auth_service.routes import ROUTERS
from auth_service.services import build_services
from auth_service.settings import AuthSettings
from auth_service.throttling import Limits
from keylane import KafkaSettings
from lyceum_database import DEFAULT_ORG, Organization, Repository, Role, SessionRepository, User, new_id
from lyceum_database.embedded import embedded_settings
from lyceum_database.states import UserStatus
from lyceum_database.testing import temporary_database
from lyceum_web.application import create_application
from lyceum_web.idempotency import Outcomes
from lyceum_web.rates import RateLimiter, rate_limiter
from lyceum_web.security import PrincipalDirectory, Security, TokenVerifier
from lyceum_web.settings import WebSettings
from lyceum_web.testing import ManualClock
from lyceum_web.testing.client import application_client

PASSWORD = "violet harbour 9"  # noqa: S105 - of nobody
BOUNDLESS = "10000/second"


@dataclass
class Stage:
    """The service, and what people do with it."""

    settings: AuthSettings
    clock: ManualClock
    keys: KeyDirectory
    limiter: RateLimiter = field(default_factory=rate_limiter)

    def __post_init__(self) -> None:
        self.directory = PrincipalDirectory(
            SessionRepository(clock=self.clock),
            People(clock=self.clock),
            Roles(clock=self.clock),
            clock=self.clock,
            monotonic=self.clock.monotonic,
        )
        issuer = TokenIssuer(self.keys, issuer=self.settings.issuer, clock=self.clock)
        self.services: Mapping[type, Any] = build_services(
            self.settings, tokens=issuer, standings=self.directory, limiter=self.limiter, clock=self.clock
        )

    def application(self) -> FastAPI:
        verifier = TokenVerifier(
            self.keys, issuer=self.settings.issuer, audience=self.settings.audience, clock=self.clock
        )

        @asynccontextmanager
        async def state() -> Any:
            yield {"services": {**self.services, KeyDirectory: self.keys}}

        made = create_application(
            title="auth",
            version="0",
            settings=self.settings.web,
            routers=(*ROUTERS, keys_router),
            models=storage.MODELS,
            security=Security(verifier, self.directory),
            state=state,
            errors=ERRORS,
            codes=CODES,
        )
        made.state.outcomes = Outcomes(clock=self.clock)
        made.state.limiter = self.limiter
        return made

    @property
    def hasher(self) -> PasswordHasher:
        found: PasswordHasher = self.services[PasswordHasher]
        return found

    def audited(self, action: str | None = None) -> list[AuditEntry]:
        found = Repository(AuditEntry).list_(limit=1000)
        return [entry for entry in found if action in (None, entry.action)]

    def person(self, name: str, *roles: str, org_id: str = DEFAULT_ORG, **fields: Any) -> User:
        """Store somebody with these roles, without a request."""
        given = {
            "email": f"{name}@example.org",
            "name": name.title(),
            "roles": [role_id(org_id, role) for role in roles or ("student",)],
            "org_ids": [org_id],
            "status": UserStatus.ACTIVE.value,
            "password_hash": self.hasher.hash(PASSWORD),
        }
        return People(clock=self.clock).insert(User(**{**given, **fields}))

    def organization(self, slug: str, **fields: Any) -> Organization:
        made = Organizations(clock=self.clock).insert(Organization(slug=slug, name=slug.title(), **fields))
        Roles(clock=self.clock).ensure_builtin(made.id)
        return made

    def role(self, name: str, *permissions: str, org_id: str = DEFAULT_ORG) -> Role:
        return Roles(clock=self.clock).insert(Role(org_id=org_id, name=name, permissions=list(permissions)))


@dataclass
class SignedIn:
    """Somebody at a client, with the tokens of one session."""

    client: httpx.Client
    tokens: dict[str, Any]

    @property
    def session_id(self) -> str:
        return str(self.tokens["session_id"])

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}", **options.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("GET", path, **options)

    def create(self, path: str, body: Any, *, key: str | None = None) -> httpx.Response:
        return self.ask("POST", path, json=body, headers={"Idempotency-Key": key or new_id()})

    def change(self, path: str, body: Any, *, version: str | None = None, method: str = "PATCH") -> httpx.Response:
        """Change the version that is there now, unless another is given."""
        tag = self.get(path).headers["etag"] if version is None else version
        return self.ask(method, path, json=body, headers={"If-Match": tag})

    def refresh(self, token: str | None = None) -> httpx.Response:
        return self.client.post("/v1/token-refreshes", json={"refresh_token": token or self.tokens["refresh_token"]})


SignIn = Callable[..., SignedIn]


def logged_in(client: httpx.Client, name: str, *, password: str = PASSWORD, **more: Any) -> SignedIn:
    answer = client.post("/v1/login", json={"email": f"{name}@example.org", "password": password, **more})
    assert answer.status_code == 200, answer.text
    return SignedIn(client, answer.json())


@pytest.fixture(scope="session")
def key_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "keys"
    rotate(path, now=ManualClock().now)
    return path


@pytest.fixture(scope="session")
def settings(key_files: Path) -> AuthSettings:
    return AuthSettings(
        web=WebSettings(environment="development"),
        mongo=embedded_settings("auth"),
        kafka=KafkaSettings(bootstrap_servers="nowhere.invalid:9092"),
        keys_directory=key_files,
        hash_cost=Argon2Cost(memory_kib=8),
        hashes_at_once=8,
        hashes_waiting=200,
        limits=Limits.of(account=BOUNDLESS, address=BOUNDLESS, sign_up=BOUNDLESS, token=BOUNDLESS),
    )


@pytest.fixture(scope="session")
def staging(settings: AuthSettings) -> Callable[..., Stage]:
    """Makes a stage on the database that is connected, with settings that differ in what is given."""

    def make(**changes: Any) -> Stage:
        clock = ManualClock()
        keys = KeyDirectory(settings.keys_directory, clock=clock)
        keys.load()
        return Stage(replace(settings, **changes), clock, keys)

    return make


@pytest.fixture
def staged(request: pytest.FixtureRequest, staging: Callable[..., Stage]) -> Iterator[Callable[..., Stage]]:
    """Makes stages on a database of the test's own; on the server of MONGODB_URI if the parameter is `wire`."""
    wire = getattr(request, "param", "embedded") == "wire"
    uri = os.environ["MONGODB_URI"] if wire else None  # noqa: TID251 - the wire tests' own setting
    with temporary_database(storage.MODELS, uri=uri):
        storage.ensure_contents()
        yield staging


@pytest.fixture
def stage(staged: Callable[..., Stage]) -> Stage:
    return staged()


@pytest.fixture
def client(stage: Stage) -> Iterator[httpx.Client]:
    with application_client(stage.application()) as client:
        yield client


@pytest.fixture
def sign_in(client: httpx.Client) -> SignIn:
    """Signs in `NAME@example.org`."""
    return partial(logged_in, client)


@pytest.fixture
def meeting(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes threads meet: the first call of a method in each of them returns when all have come, or after a while."""

    def arrange(owner: type, method: str, parties: int, *, patience_s: float = 0.5) -> None:
        original, barrier, came = getattr(owner, method), Barrier(parties), set[int]()

        def meet(*args: Any, **options: Any) -> Any:
            result = original(*args, **options)
            if get_ident() not in came:
                came.add(get_ident())
                with suppress(BrokenBarrierError):
                    barrier.wait(patience_s)
            return result

        monkeypatch.setattr(owner, method, meet)

    return arrange
