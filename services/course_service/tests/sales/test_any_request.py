"""Whatever is sent, the document describes the answer, and no answer is our fault."""

from collections.abc import Iterator

import pytest
from schemathesis.generation import GenerationMode

from course_service.selling import MODELS
from lyceum_database.testing import temporary_database
from lyceum_web.testing import Callers
from lyceum_web.testing.conformance import FIT, UNFIT, Described, described

from .shop import Shop
from .test_routes import BOSS, STUDENT, application

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
def service(people: Callers) -> Iterator[Described]:
    with temporary_database(MODELS):
        shop = Shop()
        shop.stock()
        with described(application(shop, people)) as service:
            yield service


def test_no_operation_is_left_out(service: Described) -> None:
    assert set(service.operations) == set(OPERATIONS)


@pytest.mark.parametrize("mode", [FIT, UNFIT])
@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_described_and_none_is_a_server_error(
    service: Described, people: Callers, label: str, mode: GenerationMode
) -> None:
    headers = people.headers("ana", permissions=[*STUDENT, *BOSS])

    assert max(service.statuses(label, [lambda _: headers], modes=[mode], examples=20)) < 500
