"""What the head of a request says of its body is read as whoever reads the body reads it."""

from collections.abc import Callable
from email.message import Message

import httpx
import pytest
from fastapi import APIRouter, Response
from hypothesis import example, given
from hypothesis import strategies as st

from lyceum_web.limits.head import body_head, is_json
from lyceum_web.problems import ProblemError
from lyceum_web.security import public

kinds = st.lists(
    st.sampled_from(
        ["application", "/", "json", "+json", "JSON", ";", " ", "\t", "\xa0", "\x85", "\x1c", '"', "x", "=", "text"]
    ),
    max_size=8,
).map("".join)


def read_as_json(media_type: str) -> bool:
    """As `fastapi.routing.get_request_handler` decides."""
    message = Message()
    message["content-type"] = media_type
    subtype = message.get_content_subtype()
    return message.get_content_maintype() == "application" and (subtype == "json" or subtype.endswith("+json"))


@given(kinds)
@example("application/json\xa0")
@example("\x85application/merge-patch+json ; charset=utf-8")
def test_what_is_read_as_json_was_checked_as_json(media_type: str) -> None:
    assert is_json(media_type.encode("latin-1")) or not read_as_json(media_type)


def head(*headers: tuple[bytes, bytes]) -> str:
    with pytest.raises(ProblemError) as refused:
        body_head({"headers": list(headers)})
    return refused.value.code


def test_a_length_that_is_no_number_is_refused() -> None:
    for value in (b"", b"-1", b"+1", b"1e3", b"0x10", b"\xb2", b"9" * 5000):
        assert head((b"content-length", value)) == "bad_request"


def test_a_body_of_two_kinds_is_refused() -> None:
    json, text = (b"content-type", b"application/json"), (b"content-type", b"text/plain")
    assert head((b"content-length", b"2"), json, text) == "unsupported_media_type"
    assert head((b"content-length", b"2"), text, json) == "unsupported_media_type"


def test_an_answer_is_for_who_asked_unless_its_endpoint_says_otherwise(start: Callable[..., httpx.Client]) -> None:
    router = APIRouter(dependencies=[public()])
    answers = {"/plain": {}, "/tagged": {"ETag": '"1"'}, "/open": {"Cache-Control": "public, max-age=60"}}
    for path, headers in answers.items():
        router.get(path, name=path)(lambda headers=headers: Response(headers=headers))
    client = start(router)

    assert [client.get(path).headers["cache-control"] for path in answers] == [
        "no-store",
        "private, no-cache",
        "public, max-age=60",
    ]
    assert client.get("/none").headers.get_list("cache-control") == ["no-store"]
