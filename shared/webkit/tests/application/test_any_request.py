"""Whatever is sent to the example, its document describes the answer, and no answer is our fault."""

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from lyceum_database.testing import temporary_database
from lyceum_web.settings import WebSettings
from lyceum_web.testing import Callers, served

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OPERATIONS = ("POST /v1/notes", "GET /v1/notes", "GET /v1/notes/{note_id}")


@pytest.fixture(scope="module")
def described(example: ModuleType, people: Callers, settings: WebSettings) -> Iterator[Any]:
    """The example's operations by label, from the document that it serves."""
    application = example.build(settings, security=people.security)
    with temporary_database(application.state.models), served(application) as address:
        schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
        operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
        yield {operation.label: operation for operation in operations}


def test_no_operation_is_left_out(described: Any) -> None:
    assert set(described) == set(OPERATIONS)


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("caller", ["stranger", "ana"])
@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_described_and_none_is_a_server_error(
    described: Any, people: Callers, label: str, caller: str, mode: GenerationMode
) -> None:
    headers = people.headers("ana", permissions=["notes:write", "notes:read"]) if caller == "ana" else {}
    statuses = set()

    @given(case=described[label].as_strategy(generation_mode=mode))
    @settings(
        max_examples=25,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    def sent(case: Any) -> None:
        answer = case.call_and_validate(headers=headers, checks=CHECKS)
        statuses.add(answer.status_code)

    sent()

    assert max(statuses) < 500
    assert caller != "ana" or mode is not GenerationMode.POSITIVE or statuses & {200, 201, 404}, "it came through"
