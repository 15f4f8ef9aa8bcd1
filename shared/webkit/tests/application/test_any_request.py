"""Whatever is sent to the example, its document describes the answer, and no answer is our fault."""

from collections.abc import Callable, Iterator
from types import ModuleType

import pytest
from fastapi import APIRouter, FastAPI, Response
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode

from lyceum_database.testing import temporary_database
from lyceum_web.security import public
from lyceum_web.settings import WebSettings
from lyceum_web.testing import Callers
from lyceum_web.testing.conformance import FIT, UNFIT, Described, described

OPERATIONS = ("POST /v1/notes", "GET /v1/notes", "GET /v1/notes/{note_id}")


@pytest.fixture(scope="module")
def example_service(example: ModuleType, people: Callers, settings: WebSettings) -> Iterator[Described]:
    application = example.build(settings, security=people.security)
    with temporary_database(application.state.models), described(application) as service:
        yield service


def test_no_operation_is_left_out(example_service: Described) -> None:
    assert set(example_service.operations) == set(OPERATIONS)


@pytest.mark.parametrize("mode", [FIT, UNFIT])
@pytest.mark.parametrize("caller", ["stranger", "ana"])
@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_described_and_none_is_a_server_error(
    example_service: Described, people: Callers, label: str, caller: str, mode: GenerationMode
) -> None:
    headers = people.headers("ana", permissions=["notes:write", "notes:read"]) if caller == "ana" else {}

    statuses = example_service.statuses(label, [lambda _: headers], modes=[mode])

    assert max(statuses) < 500
    assert caller != "ana" or mode is not FIT or set(statuses) & {200, 201, 404}, "it came through"


@pytest.mark.parametrize(
    "answer",
    [
        Response(status_code=500),
        Response(status_code=418),
        Response(b"bread", media_type="text/plain"),
        Response(b'"bread"', media_type="application/json"),
    ],
    ids=["server error", "status", "content type", "schema"],
)
def test_an_answer_that_is_not_described_is_found(make: Callable[..., FastAPI], answer: Response) -> None:
    router = APIRouter(dependencies=[public()])

    @router.get("/baked")
    def baked() -> int:
        return answer  # type: ignore[return-value] # the defect that has to be found

    with described(make(router)) as service, pytest.raises(FailureGroup):
        service.statuses("GET /baked", [lambda _: {}], examples=2)
