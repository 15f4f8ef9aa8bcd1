"""Each request is counted, logged and traced by the template of its route, and nothing that it holds gets out."""

import json
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind
from pydantic import BaseModel, ConfigDict, SecretStr

from lyceum_web import correlation
from lyceum_web.correlation import Correlated
from lyceum_web.redaction import RedactedLines, redacted
from lyceum_web.security import public, requires_login
from lyceum_web.settings import WebSettings
from lyceum_web.testing import Callers, application_client

Make = Callable[..., FastAPI]
Start = Callable[..., httpx.Client]
SECRET = "hunter2-hunter2"  # noqa: S105 - it is for all to see
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"

router = APIRouter()


class SignIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    email: str
    password: SecretStr


class Answer(BaseModel):
    count: int


@router.post("/sign-in", dependencies=[public()])
def sign_in(body: SignIn) -> None:
    raise ValueError(f"password={body.password.get_secret_value()}")


@router.get("/invitations/{token}", dependencies=[public()])
def invitation(token: str) -> None: ...


@router.get("/wrong", dependencies=[public()], response_model=Answer)
def wrong() -> dict[str, str]:
    return {"count": SECRET}


@router.get("/ids", dependencies=[public()])
def ids() -> list[str]:
    found = correlation.current()
    assert found is not None
    logging.getLogger("shop").warning("in a thread")
    span = trace.get_current_span().get_span_context()
    return [found.correlation_id, found.trace_id, trace.format_trace_id(span.trace_id)]


@router.get("/me", dependencies=[requires_login()])
def me(request: Request) -> None: ...


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, object]]]]:
    """Everything that is logged meanwhile, as it would be written."""
    written: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(self.format(record))

    handler = Kept()
    handler.setFormatter(RedactedLines())
    handler.addFilter(Correlated())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lambda: [json.loads(line) for line in written]
    root.removeHandler(handler)
    root.setLevel(level)


Lines = Callable[[], list[dict[str, object]]]


def test_no_secret_of_a_request_is_ever_logged(start: Start, lines: Lines, people: Callers) -> None:
    client = start(router)
    token = people.token_for("ana")
    headers = {"Authorization": f"Bearer {token}", "Cookie": f"session={SECRET}", "X-Api-Key": SECRET}

    statuses = [
        client.post("/sign-in", json={"email": "a@b.example", "password": SECRET}, headers=headers).status_code,
        client.post("/sign-in", json={"email": "a@b.example", "passwort": SECRET}, headers=headers).status_code,
        client.post(
            "/sign-in", content=f'{{"password": "{SECRET}', headers=headers | {"Content-Type": "application/json"}
        ).status_code,
        client.get(f"/invitations/{SECRET}?token={SECRET}", headers=headers).status_code,
        client.get("/wrong", headers=headers).status_code,
        client.get("/me", headers=headers).status_code,
        client.get(f"/{SECRET}?ticket={SECRET}", headers=headers).status_code,
        client.request(SECRET.upper(), "/me", headers=headers).status_code,
    ]

    text = json.dumps([line for line in lines() if str(line["logger"]).startswith(("lyceum", "uvicorn", "fastapi"))])
    assert statuses == [500, 422, 400, 200, 500, 200, 404, 405]
    assert "internal_error" in text
    assert "sign_in" in text, "where it happened is told"
    assert SECRET not in text.lower()
    assert token not in text
    assert token.split(".")[2] not in text


@pytest.mark.parametrize(
    ("message", "left"),
    [
        ("Authorization: Bearer abc.def", "Authorization: ***"),
        ('{"password": "a b\\"c", "x": 1}', '{"password": "***", "x": 1}'),
        ("token=abc&x=1", "token=***&x=1"),
        ("connects to mongodb://ana:pass@host/db", "connects to mongodb://ana:***@host/db"),
        ("saw eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.sig here", "saw *** here"),
        ("sent Bearer abcdef", "sent Bearer ***"),
        ("GET /v1/token-refreshes 200", "GET /v1/token-refreshes 200"),
        ("3 tokens were renewed", "3 tokens were renewed"),
    ],
)
def test_a_secret_is_recognised_in_any_text(message: str, left: str) -> None:
    record = logging.makeLogRecord({"msg": message, "name": "x"})

    assert json.loads(RedactedLines().format(record))["message"] == left


def test_a_long_text_keeps_its_beginning_and_its_last_lines() -> None:
    text = redacted("first\n" + "password=" + SECRET * 3000 + "\nlast")

    assert text.startswith("first\n")
    assert text.endswith("\nlast")
    assert SECRET not in text
    assert len(text) < 20_000


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "part", ["eyJ", "a", "token", "token ", "://", "://a:", "bearer ", "password='", '\\"', "x.eyJa"]
)
def test_no_text_keeps_the_log_busy(part: str) -> None:
    assert len(redacted(part * 300_000)) < 100_000


def test_a_value_with_a_secret_name_is_hidden_and_an_empty_one_is_not() -> None:
    extra = {"refresh_token": SECRET, "headers": {"Cookie": SECRET, "Accept": "x"}, "token": None, "ms": 1.5}
    line = json.loads(RedactedLines().format(logging.makeLogRecord({"msg": "x", **extra})))

    assert set(str(line["refresh_token"])) == {"*"}
    assert line["headers"] == {"Cookie": "***", "Accept": "x"}
    assert line["token"] is None
    assert line["ms"] == 1.5


def test_the_settings_show_no_secret() -> None:
    settings = WebSettings(cursor_key=SecretStr(SECRET * 3), rate_limit_storage=f"redis://ana:{SECRET}@host:1")

    assert SECRET not in f"{settings!r} {settings} {[settings]}"


def test_each_request_has_one_line_with_its_ids(start: Start, lines: Lines, people: Callers) -> None:
    client = start(router)
    headers = people.headers("ana") | {"X-Correlation-Id": "order-7", "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}

    client.get("/me?x=1", headers=headers)

    (line,) = [line for line in lines() if line["logger"] == "lyceum_web.access"]
    expected = {"method": "GET", "route": "/me", "status": 200, "principal": "ana", "correlation_id": "order-7"}
    assert {name: line[name] for name in expected} == expected
    assert line["trace_id"] == TRACE
    assert isinstance(line["ms"], float)


def test_health_checks_are_logged_for_those_who_ask_for_it(start: Start, lines: Lines) -> None:
    start(router).get("/livez")

    assert [line["level"] for line in lines() if line["logger"] == "lyceum_web.access"] == ["DEBUG"]


@pytest.mark.parametrize("sent", ["a b", "x" * 65, "a\u00e9", "", "a/b", '"'])
def test_a_correlation_id_that_does_not_fit_is_replaced(start: Start, sent: str) -> None:
    answer = start(router).get("/ids", headers=[(b"X-Correlation-Id", sent.encode("latin-1"))])

    assert answer.headers["x-correlation-id"] == answer.json()[0] != sent
    assert answer.json()[0] == answer.json()[1]  # as good as any other
    assert len(answer.json()[0]) == 32


def test_ids_reach_the_threads_and_their_log_lines(start: Start, lines: Lines) -> None:
    answer = start(router).get(
        "/ids", headers={"X-Correlation-Id": "order-7", "traceparent": f"00-{TRACE}-{'0' * 15}1-01"}
    )

    assert answer.json() == ["order-7", TRACE, TRACE]
    (line,) = [line for line in lines() if line["logger"] == "shop"]
    assert (line["correlation_id"], line["trace_id"]) == ("order-7", TRACE)


def test_ids_of_requests_at_one_time_are_kept_apart(start: Start) -> None:
    client = start(router)

    def asked(number: int) -> bool:
        answer = client.get("/ids", headers={"X-Correlation-Id": f"order-{number}"})
        return {answer.json()[0], answer.headers["x-correlation-id"]} == {f"order-{number}"}

    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(asked, range(200)))


def test_figures_name_templates_and_never_paths(start: Start) -> None:
    client = start(router)
    for number in range(50):
        client.get(f"/invitations/{number}")
        client.get(f"/nowhere/{number}")
        client.request(f"METHOD{number}", "/me")

    text = client.get("/metrics").text

    assert 'http_server_requests_total{method="GET",route="/invitations/{token}",status="200"} 50.0' in text
    assert 'http_server_requests_total{method="GET",route="unmatched",status="404"} 50.0' in text
    assert 'http_server_requests_total{method="other",route="/me",status="405"} 50.0' in text
    assert 'http_server_request_duration_seconds_count{method="GET",route="/invitations/{token}"} 50.0' in text
    assert "http_server_requests_in_flight 1.0" in text
    assert "nowhere" not in text


def test_two_applications_in_a_process_count_apart(make: Make) -> None:
    with application_client(make(router)) as first, application_client(make(router)) as second:
        first.get("/ids")
        assert 'route="/ids"' in first.get("/metrics").text
        assert 'route="/ids"' not in second.get("/metrics").text


def test_a_request_is_a_span_in_its_callers_trace(make: Make) -> None:
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    with application_client(make(router, tracer_provider=provider)) as client:
        answer = client.get("/ids", headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
        client.get(f"/invitations/{SECRET}?token={SECRET}")
        client.post("/sign-in", json={"email": "", "password": SECRET})

    ids_span, invitation_span, failed_span = kept.get_finished_spans()
    assert answer.json()[1:] == [TRACE, TRACE], "the span is current in the endpoint"
    assert ids_span.kind is SpanKind.SERVER
    assert ids_span.parent is not None
    assert trace.format_span_id(ids_span.parent.span_id) == "00f067aa0ba902b7"
    assert invitation_span.name == "GET /invitations/{token}"
    assert SECRET not in invitation_span.to_json() + failed_span.to_json()
    assert dict(failed_span.attributes or {})["http.response.status_code"] == 500
    assert not failed_span.status.is_ok
