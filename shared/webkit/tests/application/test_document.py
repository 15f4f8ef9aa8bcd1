"""The API's document is valid, complete, and readable without the rest of the internet."""

import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import schemathesis
from fastapi import APIRouter, Depends, FastAPI, Response
from pydantic import BaseModel

from lyceum_program.errors import StartRefused
from lyceum_web.etags import IfMatch, IfNoneMatch
from lyceum_web.idempotency import RequestKey
from lyceum_web.openapi import problems
from lyceum_web.problems import KIT_CODES
from lyceum_web.security import public, requires
from lyceum_web.testing import application_client, document_faults

Make = Callable[..., FastAPI]
Start = Callable[..., httpx.Client]


def answers(document: dict[str, Any], method: str, path: str) -> dict[str, set[str]]:
    """Status -> the codes of its problems, for one operation."""
    found = {}
    for status, response in document["paths"][path][method]["responses"].items():
        if "$ref" in response:
            problem = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
            found[status] = set(problem["content"]["application/problem+json"]["examples"])
    return found


def test_the_document_is_openapi_3_1(notes_service: FastAPI) -> None:
    document = notes_service.openapi()

    schemathesis.openapi.from_dict(document).validate()

    assert document["openapi"].startswith("3.1.")
    assert [item["operationId"] for path in document["paths"].values() for item in path.values()] == [
        "create_note",
        "list_notes",
        "read_note",
    ]


def test_nothing_of_the_frameworks_own_errors_is_left(notes_service: FastAPI) -> None:
    text = json.dumps(notes_service.openapi())

    assert [word for word in ("HTTPValidationError", "x-problems", '"default": {') if word in text] == []


def test_every_reference_leads_somewhere(notes_service: FastAPI) -> None:
    document = notes_service.openapi()

    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document))):
        target = document
        for part in reference.split("/"):
            target = target[part]


def test_every_error_answer_is_listed_with_an_example_of_each_code(notes_service: FastAPI) -> None:
    document = notes_service.openapi()
    away = {"unavailable", "database_unavailable", "overloaded", "timed_out"}

    assert answers(document, "get", "/v1/notes/{note_id}") == {
        "401": {"unauthenticated", "invalid_token"},
        "403": {"forbidden"},
        "404": {"not_found"},
        "422": {"invalid_request"},
        "500": {"internal_error"},
        "503": away,
    }
    assert answers(document, "post", "/v1/notes") == {
        "400": {"malformed_json", "bad_request"},
        "401": {"unauthenticated", "invalid_token"},
        "403": {"forbidden"},
        "408": {"request_timeout"},
        "409": {"conflict", "unfit_note"},
        "413": {"payload_too_large"},
        "415": {"unsupported_media_type"},
        "422": {"invalid_request"},
        "500": {"internal_error"},
        "503": away,
    }
    assert set(answers(document, "get", "/v1/notes")) == {"422", "500", "503"}


def test_headers_of_answers_are_described(notes_service: FastAPI) -> None:
    document = notes_service.openapi()
    responses = document["paths"]["/v1/notes"]["post"]["responses"]

    def headers(status: str) -> set[str]:
        response = responses[status]
        if "$ref" in response:
            response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
        return set(response["headers"])

    assert headers("201") == headers("422") == {"X-Correlation-Id"}
    assert headers("401") == {"X-Correlation-Id", "WWW-Authenticate"}
    assert headers("503") == {"X-Correlation-Id", "Retry-After"}


def test_an_operation_says_which_permission_it_needs(notes_service: FastAPI) -> None:
    paths = notes_service.openapi()["paths"]

    assert paths["/v1/notes"]["post"]["security"] == [{"accessToken": ["notes:write"]}]
    assert paths["/v1/notes"]["post"]["description"] == "Store a note.\n\nNeeds the permission `notes:write`."
    assert "security" not in paths["/v1/notes"]["get"]


def test_a_client_can_be_written_for_versions_and_keys(make: Make) -> None:
    router = APIRouter(prefix="/kept", dependencies=[public()])

    @router.get("/{name}")
    def read(name: str) -> dict[str, str]:
        return {}

    @router.patch("/{name}")
    def change(name: str, if_match: IfMatch) -> dict[str, str]:
        return {}

    @router.delete("/{name}", status_code=204)
    def delete(name: str, if_match: IfMatch) -> None: ...

    @router.get("")
    def every(known: IfNoneMatch) -> dict[str, str]:
        return {}

    @router.post("", status_code=201)
    def create(key: RequestKey) -> dict[str, str]:
        return {}

    document = make(router).openapi()
    one, many = document["paths"]["/kept/{name}"], document["paths"]["/kept"]

    def asked(operation: dict[str, Any]) -> dict[str, bool]:
        return {part["name"]: part["required"] for part in operation["parameters"] if part["in"] == "header"}

    assert asked(one["patch"]) == asked(one["delete"]) == {"if-match": True}
    assert asked(many["get"]) == {"if-none-match": False}
    assert asked(many["post"]) == {"idempotency-key": True}
    tagged = [operation["responses"]["200"]["headers"] for operation in (one["get"], one["patch"], many["get"])]
    assert all("ETag" in headers for headers in tagged)
    assert "ETag" in many["get"]["responses"]["304"]["headers"]
    assert "304" not in one["get"]["responses"]
    assert "ETag" not in one["delete"]["responses"]["204"]["headers"]
    assert "ETag" not in many["post"]["responses"]["201"]["headers"]


def test_a_change_may_be_sent_under_the_name_of_merge_patches(make: Make) -> None:
    router = APIRouter(dependencies=[public()])

    @router.patch("/one")
    def change(body: Bare) -> Bare:
        return body

    @router.post("/one")
    def create(body: Bare) -> Bare:
        return body

    application = make(router)
    one = application.openapi()["paths"]["/one"]
    with application_client(application) as client:
        answer = client.patch(
            "/one", content=b'{"name": "x"}', headers={"content-type": "application/merge-patch+json"}
        )

    assert list(one["patch"]["requestBody"]["content"]) == ["application/json", "application/merge-patch+json"]
    assert list(one["post"]["requestBody"]["content"]) == ["application/json"]
    assert (answer.status_code, answer.json()) == (200, {"name": "x"})


def test_an_example_is_what_would_be_sent(notes_service: FastAPI) -> None:
    document = notes_service.openapi()
    shape = document["components"]["schemas"]["Problem"]

    for response in document["components"]["responses"].values():
        for code, example in response["content"]["application/problem+json"]["examples"].items():
            value = example["value"]
            assert value["code"] == code
            assert set(shape["required"]) <= set(value) <= set(shape["properties"])


def test_a_reader_misses_nothing_in_the_example(notes_service: FastAPI) -> None:
    assert document_faults(notes_service) == []


class Bare(BaseModel):
    name: str


def test_a_reader_is_told_what_is_missing(make: Make) -> None:
    router = APIRouter(dependencies=[public()])

    @router.post("/bare")
    def bare(body: Bare) -> Bare:
        return body

    faults = document_faults(make(router))

    assert [re.sub("[:(].*", "", fault).strip() for fault in faults] == [
        "POST /bare has no description",
        "POST /bare takes application/json without an example",
        "POST /bare takes properties that nobody knows",
        "POST /bare answers 200",
    ]


def test_a_dependency_brings_its_problems_along(make: Make) -> None:
    class Counted:
        problems = ("rate_limited",)

        def __call__(self) -> None: ...

    def outer(_: None = Depends(Counted())) -> None: ...

    router = APIRouter(dependencies=[public(), Depends(outer)])

    @router.get("/counted")
    def counted() -> None: ...

    assert answers(make(router).openapi(), "get", "/counted")["429"] == {"rate_limited"}


def refused(make: Make, router: APIRouter, **options: Any) -> str:
    with pytest.raises(StartRefused) as error:
        make(router, **options)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_route_that_does_not_say_who_may_call_it_is_refused(make: Make) -> None:
    router = APIRouter()
    router.get("/a", dependencies=[requires("a:read")])(lambda: None)
    router.get("/b", name="b")(lambda: None)

    assert refused(make, router).startswith("GET /b declares no permission")


def test_two_functions_of_one_name_are_refused(make: Make) -> None:
    router = APIRouter(dependencies=[public()])
    router.get("/a", name="same")(lambda: None)
    router.get("/b", name="same")(lambda: None)

    assert "GET /b and GET /a have one operationId" in refused(make, router)


def test_a_problem_that_is_in_no_table_is_refused(make: Make) -> None:
    router = APIRouter(dependencies=[public()])
    router.get("/a", responses=problems("burnt"))(lambda: None)

    assert "GET /a answers with problem burnt" in refused(make, router)
    assert "ZeroDivisionError leads to problem code burnt" in refused(
        make, APIRouter(), errors={ZeroDivisionError: "burnt"}
    )


def test_the_page_loads_nothing_from_elsewhere(notes: httpx.Client) -> None:
    page = notes.get("/docs")
    addresses = re.findall(r'(?:src|href|url)\s*[=:]\s*["\']([^"\']+)', page.text)

    assert addresses
    assert all(address.startswith("/") and not address.startswith("//") for address in addresses)
    assert "https://" not in page.text
    assert '"validatorUrl": null' in page.text
    assert "default-src 'self'" in page.headers["content-security-policy"]
    for address in addresses:
        assert notes.get(address).status_code == 200, address
    assert notes.get("/docs/../secret").status_code == 404
    assert notes.get("/docs/passwd").status_code == 404


def test_the_document_is_served_and_can_be_kept_back(start: Start) -> None:
    router = APIRouter(dependencies=[public()])

    assert start(router).get("/openapi.json").json()["info"]["title"] == "Test"
    hidden = start(router, limits={"documentation": False})
    assert [hidden.get(path).status_code for path in ("/openapi.json", "/docs")] == [404, 404]


def test_every_code_has_a_page_where_its_type_leads(notes: httpx.Client) -> None:
    for entry in KIT_CODES:
        page = notes.get(f"/problems/{entry.code}")
        assert page.status_code == 200
        assert entry.code in page.text
    assert "unfit_note" in notes.get("/problems").text
    assert notes.get("/problems/none").json()["code"] == "not_found"


def test_a_redirect_is_never_what_comes_of_a_slash_too_many(notes: httpx.Client) -> None:
    assert notes.get("/v1/notes/").status_code in (401, 404)


def test_a_response_that_the_endpoint_builds_itself_has_the_ids_too(start: Start) -> None:
    router = APIRouter(dependencies=[public()])
    router.get("/own", name="own")(lambda: Response(status_code=204))

    assert start(router).get("/own").headers["x-correlation-id"]
