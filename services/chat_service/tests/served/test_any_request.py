"""Whatever is sent, by whomever, the document describes the answer, and no answer is our fault."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from fastapi.routing import APIRoute
from schemathesis import Case
from schemathesis.generation import GenerationMode

from chat_service import storage
from chat_service.caller import Caller
from chat_service.conversations.service import ConversationService
from chat_service.messages.rules import Wanted
from chat_service.messages.service import MessageService
from chat_service.routes import ROUTERS
from lyceum_database import DEFAULT_ORG, User
from lyceum_database.testing import temporary_database
from lyceum_web.testing.conformance import FIT, UNFIT, Described, described

from .stage import TALKING, Stage

LABELS = [
    f"{method} {route.path}"
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in sorted(route.methods or ())
]
READS = [label for label in LABELS if label.startswith("GET")]
ADA = Caller(DEFAULT_ORG, "ada")


@dataclass
class Target:
    """A served service with a conversation in it."""

    service: Described
    stage: Stage
    ids: Mapping[str, str]

    def asks(self, case: Case[Any], *, name: str, known: bool) -> Mapping[str, str]:
        """Send the request as somebody, about what is there if `known`; nobody waits for long."""
        if known:
            generated = dict(case.path_parameters or {})
            case.path_parameters = {key: self.ids.get(key, value) for key, value in generated.items()}
        if isinstance((case.query or {}).get("wait"), int | float):
            case.query["wait"] = min(case.query["wait"], 0.01)
        if name == "nobody":
            return {}
        return self.stage.headers(name, *TALKING, "conversations:moderate")


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    with temporary_database([*storage.MODELS, User]):
        stage = Stage()
        stage.allocate()
        services = stage.built.services
        (conversation,) = services[ConversationService].mine(ADA)
        messages: MessageService = services[MessageService]
        message = messages.send(conversation.id, ADA, Wanted(client_id="c1", body="Hello world")).message
        ids = {"conversation_id": conversation.id, "message_id": message.id}
        with described(stage.application()) as service:
            yield Target(service, stage, ids)


def test_no_operation_is_left_out(target: Target) -> None:
    assert set(target.service.operations) == set(LABELS)


@pytest.mark.parametrize("mode", [FIT, UNFIT])
@pytest.mark.parametrize("label", LABELS)
def test_every_answer_is_described_and_none_is_a_server_error(target: Target, label: str, mode: GenerationMode) -> None:
    callers = [
        partial(target.asks, name=name, known=known) for name in ("ada", "eve", "nobody") for known in (True, False)
    ]

    assert max(target.service.statuses(label, callers, modes=[mode], examples=15)) < 500


@pytest.mark.parametrize("label", READS)
def test_what_can_be_read_is_read_and_as_described(target: Target, label: str) -> None:
    member = partial(target.asks, name="ada", known=True)

    assert 200 in target.service.statuses(label, [member], modes=[FIT], examples=15)
