"""Whatever is sent, by whomever, the document describes the answer, and no answer is our fault."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
import schemathesis
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from auth_service import storage
from auth_service.keys.router import router as keys_router
from auth_service.routes import ROUTERS
from lyceum_database.testing import temporary_database
from lyceum_web.testing import served

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 5
FEWEST = 4
NAMES = ("boss", "ada", "stranger")
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


LABELS = [
    f"{method} {route.path}"
    for router in (*ROUTERS, keys_router)
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in sorted(route.methods or ())
]


@dataclass
class Target:
    """A served service with people and things in it."""

    address: str
    operations: dict[str, Any]
    ids: dict[str, str]
    session: requests.Session
    held: dict[str, dict[str, str]] = field(default_factory=dict)

    def signed_in(self, name: str) -> dict[str, str]:
        """Sign in, anew if what was sent before ended the session."""
        if name == "stranger":
            return {}
        headers = self.held.get(name)
        if headers is None or self.session.get(f"{self.address}/v1/me", headers=headers).status_code != 200:
            headers = self.held[name] = self._sign_in(name)
        return dict(headers)

    def _sign_in(self, name: str) -> dict[str, str]:
        body = {"email": f"{name}@example.org", "password": "violet harbour 9"}
        answer = self.session.post(f"{self.address}/v1/login", json=body)
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture(scope="module")
def target(staging: Callable[..., Any]) -> Iterator[Target]:
    with temporary_database(storage.MODELS), requests.Session() as session:
        storage.ensure_contents()
        stage = staging()
        stage.person("boss", "admin")
        stage.person("deputy", "admin")
        stage.person("ada")
        tom, tutor = stage.person("tom"), stage.role("tutor", "courses:read")
        ids = {"user_id": tom.id, "role_id": tutor.id, "organization_id": "default"}
        with served(stage.application()) as address:
            schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
            operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
            yield Target(address, {operation.label: operation for operation in operations}, ids, session)


def sent(target: Target, label: str, names: Sequence[str], modes: Sequence[GenerationMode]) -> list[int]:
    """Send generated requests to one operation, check each answer, and return the statuses."""
    statuses: list[int] = []
    operation = target.operations[label]
    cases = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes))

    @given(case=cases, name=st.sampled_from(names), known=st.booleans() if len(names) > 1 else st.just(True))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    def send(case: Any, name: str, known: bool) -> None:
        headers = target.signed_in(name)
        if known:
            generated = dict(case.path_parameters or {})
            case.path_parameters = {key: target.ids.get(key, value) for key, value in generated.items()}
            headers["If-Match"] = "*"
        answer = case.call_and_validate(headers=headers, checks=CHECKS, session=target.session)
        statuses.append(answer.status_code)

    send()
    return statuses


def test_no_operation_is_left_out(target: Target) -> None:
    assert set(target.operations) == set(LABELS)


@pytest.mark.parametrize("label", LABELS)
def test_every_answer_is_described_and_none_is_a_server_error(target: Target, label: str) -> None:
    statuses = sent(target, label, NAMES, MODES)

    assert len(statuses) >= FEWEST
    assert max(statuses) < 500


@pytest.mark.parametrize(
    "label", [label for label in LABELS if label.startswith("GET") and "invitation_id" not in label]
)
def test_what_can_be_read_is_read_and_as_described(target: Target, label: str) -> None:
    assert 200 in sent(target, label, ["boss"], [GenerationMode.POSITIVE])
