"""Conversations over HTTP: mine, the last active first, with what I have not read."""

import httpx
import pytest

from lyceum_database import User, UserRepository

from .conftest import People
from .stage import Stage


def test_a_trainer_opens_a_conversation_that_both_see_with_the_others_name(stage: Stage, signed_in: People) -> None:
    UserRepository().insert(User(id="tom", email="tom@example.org", name="Tom Baker"))
    stage.allocate()

    (ada,), (tom,) = signed_in("ada").conversations(), signed_in("tom").conversations()

    assert ada["id"] == tom["id"]
    assert (ada["student_id"], ada["trainer_id"], ada["course_id"], ada["status"]) == ("ada", "tom", "algebra", "open")
    assert {(one["user_id"], one["role"], one["name"]) for one in ada["members"]} == {
        ("ada", "student", None),
        ("tom", "trainer", "Tom Baker"),
    }


def test_what_is_not_mine_is_not_there(stage: Stage, signed_in: People) -> None:
    stage.allocate()
    conversation = signed_in("ada").conversation

    for stranger in (signed_in("eve"), signed_in("ada", org_id="acme")):
        assert stranger.conversations() == []
        for method, path, body in (
            ("GET", "", None),
            ("GET", "/messages", None),
            ("POST", "/messages", {"client_id": "c", "body": "Hi"}),
            ("PUT", "/read", {"seq": 1}),
        ):
            answer = stranger.ask(method, f"/v1/conversations/{conversation}{path}", json=body)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path


def test_unread_is_what_came_after_the_watermark_which_never_goes_back(stage: Stage, signed_in: People) -> None:
    stage.allocate()
    ada, tom = signed_in("ada"), signed_in("tom")
    conversation = ada.conversation
    for number in range(3):
        assert tom.send(conversation, f"m{number}").status_code == 201
    last = ada.conversations()[0]["last_seq"]
    assert ada.conversations()[0]["unread"] == last
    assert tom.conversations()[0]["unread"] == 0, "who writes has read"

    answers = [
        ada.ask("PUT", f"/v1/conversations/{conversation}/read", json={"seq": seq}).json()
        for seq in (last - 1, 1, last + 1000, 0)
    ]

    assert [one["last_read_seq"] for one in answers] == [last - 1, last - 1, last, last]
    assert [one["unread"] for one in answers] == [1, 1, 0, 0]
    assert tom.send(conversation, "more").status_code == 201
    assert ada.get(f"/v1/conversations/{conversation}").json()["unread"] == 1


def test_the_last_active_comes_first_and_every_page_goes_on_where_the_one_before_ended(
    stage: Stage, signed_in: People
) -> None:
    for number in range(5):
        stage.allocate(course=f"course-{number}")
    ada = signed_in("ada")
    by_course = {one["course_id"]: one["id"] for one in ada.conversations()}
    for number in (3, 0):
        assert ada.send(by_course[f"course-{number}"], "Hello").status_code == 201

    pages, query = [], {"limit": 2}
    while True:
        page = ada.get("/v1/conversations", **query).json()
        pages.append([one["course_id"] for one in page["items"]])
        if page["next_cursor"] is None:
            break
        query = {"limit": 2, "cursor": page["next_cursor"]}

    assert [len(page) for page in pages] == [2, 2, 1]
    flat = [course for page in pages for course in page]
    assert flat[:2] == ["course-0", "course-3"]
    assert sorted(flat) == [f"course-{number}" for number in range(5)]


def test_a_cursor_of_somebody_else_is_none(stage: Stage, signed_in: People) -> None:
    for number in range(2):
        stage.allocate(course=f"course-{number}")
    cursor = signed_in("ada").get("/v1/conversations", limit=1).json()["next_cursor"]

    answer = signed_in("tom").get("/v1/conversations", limit=1, cursor=cursor)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor")


@pytest.mark.parametrize(
    ("method", "path", "permission"),
    [
        ("GET", "/v1/conversations", "conversations:read"),
        ("GET", "/v1/conversations/x", "conversations:read"),
        ("GET", "/v1/conversations/x/messages", "conversations:read"),
        ("PUT", "/v1/conversations/x/read", "conversations:read"),
        ("POST", "/v1/conversations/x/messages", "conversations:write"),
        ("GET", "/v1/messages?q=x", "conversations:read"),
        ("GET", "/v1/messages/x", "conversations:read"),
        ("PATCH", "/v1/messages/x", "conversations:write"),
        ("DELETE", "/v1/messages/x", "conversations:write"),
    ],
)
def test_each_route_needs_its_permission(
    stage: Stage, client: httpx.Client, signed_in: People, method: str, path: str, permission: str
) -> None:
    assert client.request(method, path).json()["code"] == "unauthenticated"
    other = {"conversations:read": "conversations:write", "conversations:write": "conversations:read"}[permission]

    answer = signed_in("ada", other).ask(method, path)

    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert permission in answer.json()["detail"]
