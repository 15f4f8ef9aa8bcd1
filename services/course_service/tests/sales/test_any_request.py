"""Whatever is sent, the document describes the answer, and no answer is our fault."""

from collections.abc import Iterator
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

from course_service.selling import MODELS
from lyceum_database.testing import temporary_database
from lyceum_web.testing import Callers, served

from .shop import Shop
from .test_routes import BOSS, STUDENT, application

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OPERATIONS = (
    "POST /v1/courses/{course_id}/purchases",
    "GET /v1/purchases",
    "GET /v1/purchases/{purchase_id}",
    "POST /v1/purchases/{purchase_id}/refunds",
    "GET /v1/enrolments",
    "GET /v1/enrolments/{course_id}",
    "POST /v1/payment-webhooks/{provider}",
)


@pytest.fixture(scope="module")
def people() -> Callers:
    return Callers()


@pytest.fixture(scope="module")
def described(people: Callers) -> Iterator[Any]:
    """The operations by label, from the document that is served."""
    with temporary_database(MODELS):
        shop = Shop()
        shop.stock()
        with served(application(shop, people)) as address:
            schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
            operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
            yield {operation.label: operation for operation in operations}


def test_no_operation_is_left_out(described: Any) -> None:
    assert set(described) == set(OPERATIONS)


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_described_and_none_is_a_server_error(
    described: Any, people: Callers, label: str, mode: GenerationMode
) -> None:
    headers = people.headers("ana", permissions=[*STUDENT, *BOSS])

    @given(case=described[label].as_strategy(generation_mode=mode))
    @settings(
        max_examples=20,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    def sent(case: Any) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)

    sent()
