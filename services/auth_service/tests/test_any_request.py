"""Whatever is sent, by whomever, the document describes the answer, and no answer is our fault."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from fastapi.routing import APIRoute
from schemathesis import Case

from auth_service import storage
from auth_service.keys.router import router as keys_router
from auth_service.routes import ROUTERS
from lyceum_database.testing import temporary_database
from lyceum_web.testing.conformance import FIT, Described, described

EXAMPLES = 5
FEWEST = 4
NAMES = ("boss", "ada", "stranger")

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

    service: Described
    ids: dict[str, str]
    held: dict[str, dict[str, str]] = field(default_factory=dict)

    def asks(self, case: Case[Any], *, name: str, known: bool) -> Mapping[str, str]:
        """Send the request as somebody, about what is there if `known`."""
        headers = self._signed_in(name)
        if known:
            generated = dict(case.path_parameters or {})
            case.path_parameters = {key: self.ids.get(key, value) for key, value in generated.items()}
            headers["If-Match"] = "*"
        return headers

    def _signed_in(self, name: str) -> dict[str, str]:
        """Sign in, anew if what was sent before ended the session."""
        if name == "stranger":
            return {}
        headers = self.held.get(name)
        me = f"{self.service.address}/v1/me"
        if headers is None or self.service.session.get(me, headers=headers).status_code != 200:
            headers = self.held[name] = self._sign_in(name)
        return dict(headers)

    def _sign_in(self, name: str) -> dict[str, str]:
        body = {"email": f"{name}@example.org", "password": "violet harbour 9"}
        answer = self.service.session.post(f"{self.service.address}/v1/login", json=body)
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture(scope="module")
def target(staging: Callable[..., Any]) -> Iterator[Target]:
    with temporary_database(storage.MODELS):
        storage.ensure_contents()
        stage = staging()
        stage.person("boss", "admin")
        stage.person("deputy", "admin")
        stage.person("ada")
        tom, tutor = stage.person("tom"), stage.role("tutor", "courses:read")
        ids = {"user_id": tom.id, "role_id": tutor.id, "organization_id": "default"}
        with described(stage.application()) as service:
            yield Target(service, ids)


def test_no_operation_is_left_out(target: Target) -> None:
    assert set(target.service.operations) == set(LABELS)


@pytest.mark.parametrize("label", LABELS)
def test_every_answer_is_described_and_none_is_a_server_error(target: Target, label: str) -> None:
    callers = [partial(target.asks, name=name, known=known) for name in NAMES for known in (True, False)]

    statuses = target.service.statuses(label, callers, examples=EXAMPLES)

    assert len(statuses) >= FEWEST
    assert max(statuses) < 500


@pytest.mark.parametrize(
    "label", [label for label in LABELS if label.startswith("GET") and "invitation_id" not in label]
)
def test_what_can_be_read_is_read_and_as_described(target: Target, label: str) -> None:
    boss = partial(target.asks, name="boss", known=True)

    assert 200 in target.service.statuses(label, [boss], modes=[FIT], examples=EXAMPLES)
