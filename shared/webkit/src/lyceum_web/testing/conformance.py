"""Generated requests to every operation of a service, each answer held against the document that the service serves.

Needs the extra `conformance`; imported by its own name, so that other tests do without it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import requests
import schemathesis
from fastapi import FastAPI
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

from lyceum_web.testing.server import served

Caller = Callable[[schemathesis.Case[Any]], Mapping[str, str]]
"""Makes a generated request somebody's: may change it, and returns the headers to send along."""

FIT: Final = GenerationMode.POSITIVE
"""Requests that the document allows."""
UNFIT: Final = GenerationMode.NEGATIVE
"""Requests that it does not allow."""

_CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@dataclass(frozen=True)
class Described:
    """A service that is being served, as its own document describes it."""

    address: str
    session: requests.Session
    operations: Mapping[str, Any]
    """By label, e.g. `GET /v1/notes/{note_id}`."""

    def statuses(
        self,
        label: str,
        callers: Sequence[Caller],
        *,
        modes: Sequence[GenerationMode] = (FIT, UNFIT),
        examples: int = 25,
    ) -> list[int]:
        """Send generated requests to one operation, each as one of the callers, and return the statuses.

        Raises:
            FailureGroup: an answer is a server error, or is not described; shows the request.
        """
        statuses: list[int] = []
        operation = self.operations[label]

        @given(
            case=st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes)),
            caller=st.sampled_from(callers),
        )
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.generate],
        )
        def send(case: schemathesis.Case[Any], caller: Caller) -> None:
            answer = case.call_and_validate(headers=dict(caller(case)), checks=_CHECKS, session=self.session)
            statuses.append(answer.status_code)

        send()
        return statuses


@contextmanager
def described(application: FastAPI) -> Iterator[Described]:
    """Serve the application, and read the document that it serves.

    Raises:
        StartRefused: the application cannot work.
    """
    with served(application) as address, requests.Session() as session:
        schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
        found = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]
        yield Described(address, session, {operation.label: operation for operation in found})
