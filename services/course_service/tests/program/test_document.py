"""The API's document says everything that a client has to know."""

from typing import Any

import pytest

from course_service.problems import CODES, ERRORS
from lyceum_web.problems import KIT_CODES
from lyceum_web.security import undeclared
from lyceum_web.testing import document_faults

from .conftest import School

ROUTES = {
    "GET /v1/courses",
    "POST /v1/courses",
    "GET /v1/courses/{course_id}",
    "PATCH /v1/courses/{course_id}",
    "POST /v1/courses/{course_id}/publication",
    "POST /v1/courses/{course_id}/archive",
    "GET /v1/courses/{course_id}/versions/{number}",
    "POST /v1/courses/{course_id}/purchases",
    "GET /v1/purchases",
    "GET /v1/purchases/{purchase_id}",
    "POST /v1/purchases/{purchase_id}/refunds",
    "GET /v1/enrolments",
    "GET /v1/enrolments/{course_id}",
    "POST /v1/payment-webhooks/{provider}",
}
PUBLIC = {"POST /v1/payment-webhooks/{provider}"}


@pytest.fixture
def operations(school: School) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, item in school.application.openapi()["paths"].items()
        for method, operation in item.items()
    }


def test_it_has_every_route_and_no_other(operations: dict[str, Any]) -> None:
    assert set(operations) == ROUTES


def test_every_route_says_who_may_call_it(school: School, operations: dict[str, Any]) -> None:
    assert [line for line in undeclared(school.application) if "/v1" in line] == []
    assert {label for label, one in operations.items() if not one.get("security")} == PUBLIC


def test_nothing_that_a_reader_needs_is_missing(school: School) -> None:
    assert document_faults(school.application) == []


def test_every_creating_or_paying_post_takes_an_idempotency_key(operations: dict[str, Any]) -> None:
    keyed = {
        label
        for label, operation in operations.items()
        if any(one["name"].lower() == "idempotency-key" for one in operation.get("parameters", ()))
    }

    assert keyed == {
        "POST /v1/courses",
        "POST /v1/courses/{course_id}/purchases",
        "POST /v1/purchases/{purchase_id}/refunds",
    }


def test_the_table_of_problems_covers_every_refusal() -> None:
    known = {code.code for code in (*CODES, *KIT_CODES)}

    assert set(ERRORS.values()) <= known
    assert {code.code for code in CODES} <= set(ERRORS.values()), "no code is unused"
