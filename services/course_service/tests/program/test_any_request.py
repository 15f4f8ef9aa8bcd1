"""Whatever is sent, by whomever, the document describes the answer, and no answer is our fault."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from schemathesis import Case

from course_service import authoring, selling
from lyceum_web.testing.conformance import FIT, Described, described

from .conftest import School

EXAMPLES = 15
NAMES = ("boss", "ana", "stranger")
LABELS = [
    f"{method} {route.path}"
    for router in (*authoring.ROUTERS, *selling.ROUTERS)
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in sorted(route.methods or ())
]


@dataclass
class Target:
    """The served program with a course, and a student who bought it."""

    service: Described
    school: School
    ids: dict[str, str]

    def asks(self, case: Case[Any], *, name: str, known: bool) -> Mapping[str, str]:
        """Send the request as somebody, about what is there if `known`."""
        headers = self.school.headers(name)
        if known:
            generated = dict(case.path_parameters or {})
            case.path_parameters = {key: self.ids.get(key, value) for key, value in generated.items()}
            headers["If-Match"] = "*"
        return headers


@pytest.fixture(scope="module")
def target(school: School) -> Iterator[Target]:
    with described(school.application) as service:
        with httpx.Client(base_url=service.address) as client:
            ids = school.stock(client)
        yield Target(service, school, ids)


def test_no_operation_is_left_out(target: Target) -> None:
    assert set(target.service.operations) == set(LABELS)
    assert len(LABELS) == 14


@pytest.mark.parametrize("label", [label for label in LABELS if label.startswith("GET")])
def test_what_can_be_read_is_read_and_as_described(target: Target, label: str) -> None:
    ana = partial(target.asks, name="ana", known=True)

    assert 200 in target.service.statuses(label, [ana], modes=[FIT], examples=EXAMPLES)


@pytest.mark.parametrize("label", LABELS)
def test_every_answer_is_described_and_none_is_a_server_error(target: Target, label: str) -> None:
    callers = [partial(target.asks, name=name, known=known) for name in NAMES for known in (True, False)]

    statuses = target.service.statuses(label, callers, examples=EXAMPLES)

    assert len(statuses) >= EXAMPLES / 2
    assert max(statuses) < 500
