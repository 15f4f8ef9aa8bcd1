"""Messages over HTTP: numbered without gaps, sent once however often, changed by their sender alone."""

from datetime import timedelta
from typing import Any

import pytest

from chat_service.messages.schemas import LONGEST_LIST
from lyceum_database import new_id
from lyceum_web.testing import ManualClock

from .conftest import People
from .stage import TALKING, Stage, boundless, chat_settings

MODERATING = (*TALKING, "conversations:moderate")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def stage(stored: str, clock: ManualClock) -> Stage:
    made = Stage(clock=clock)
    made.allocate()
    return made


def test_what_is_sent_is_read_by_both_in_one_order(signed_in: People) -> None:
    ada, tom = signed_in("ada"), signed_in("tom")
    conversation = ada.conversation
    sent = [who.send(conversation, body).json() for who, body in ((ada, "Hello"), (tom, "Hi"), (ada, "So?"))]

    first = sent[0]["seq"]
    assert [one["seq"] for one in sent] == [first, first + 1, first + 2]
    assert ada.said(conversation) == tom.said(conversation) == ["Hello", "Hi", "So?"]
    assert [one["seq"] for one in tom.messages(conversation)["items"]] == list(range(1, first + 3))


def test_an_answer_says_where_the_message_is(signed_in: People) -> None:
    ada = signed_in("ada")
    answer = ada.send(ada.conversation, "Hello")

    assert answer.status_code == 201
    assert ada.get(answer.headers["Location"]).json() == answer.json()


def test_sending_again_is_the_same_message_and_another_text_under_its_id_is_refused(signed_in: People) -> None:
    ada = signed_in("ada")
    conversation = ada.conversation
    first, again = (ada.send(conversation, "Hello", client_id="phone-1") for _ in range(2))
    other = ada.send(conversation, "Hello?", client_id="phone-1")

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert (other.status_code, other.json()["code"]) == (409, "client_id_reused")
    assert ada.said(conversation) == ["Hello"]


def test_parts_are_read_from_both_sides_and_say_whether_more_follow(signed_in: People) -> None:
    ada = signed_in("ada")
    conversation = ada.conversation
    first = ada.send(conversation, "0").json()["seq"]
    for number in range(1, 6):
        ada.send(conversation, str(number))

    def part(**asked: int) -> tuple[list[str], bool]:
        found = ada.messages(conversation, **asked)
        return [one["body"] for one in found["items"]], found["more"]

    assert part(limit=2) == (["4", "5"], True)
    assert part(before_seq=first + 4, limit=2) == (["2", "3"], True)
    assert part(after_seq=first, limit=3) == (["1", "2", "3"], True)
    assert part(after_seq=first + 3, limit=2) == (["4", "5"], False)
    assert part(after_seq=first + 5) == ([], False)
    assert part(before_seq=1) == ([], False)
    assert part(after_seq=2**53 - 1) == ([], False)


def test_long_messages_come_in_several_parts_and_none_is_left_out(signed_in: People) -> None:
    ada = signed_in("ada")
    conversation = ada.conversation
    first = ada.messages(conversation)["items"][-1]["seq"]
    for _ in range(60):
        assert ada.send(conversation, "\U0001d525" * 10_000).status_code == 201
    whole = [*range(1, first + 61)]
    upwards, downwards, more = [first], [first + 61], True
    while more:
        part = ada.messages(conversation, after_seq=upwards[-1], limit=100)
        assert sum(len(one["body"]) for one in part["items"]) <= LONGEST_LIST
        upwards, more = upwards + [one["seq"] for one in part["items"]], part["more"]
    while downwards[0] > 1:
        part = ada.messages(conversation, before_seq=downwards[0], limit=100)
        downwards = [one["seq"] for one in part["items"]] + downwards
        assert part["more"] == (downwards[0] > 1)

    assert upwards == whole[first - 1 :]
    assert downwards == [*whole, first + 61]


def test_earlier_wordings_do_not_pile_up_for_who_reads(signed_in: People) -> None:
    ada = signed_in("ada")
    sent = ada.send(ada.conversation, "a" * 10_000).json()
    answers = [ada.ask("PATCH", f"/v1/messages/{sent['id']}", json={"body": each * 10_000}) for each in "bcdefg"]

    assert [answer.status_code for answer in answers] == [200] * 5 + [409]
    assert answers[-1].json()["code"] == "too_many_edits"
    assert len(ada.get(f"/v1/messages/{sent['id']}").json()["edits"]) == 5


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ({"before_seq": 1, "after_seq": 1}, "/query/before_seq"),
        ({"wait": 5}, "/query/wait"),
        ({"wait": 5, "before_seq": 3}, "/query/wait"),
        ({"after_seq": 1, "wait": 26}, "/query/wait"),
        ({"after_seq": 1, "wait": -1}, "/query/wait"),
        ({"after_seq": 1, "wait": "nan"}, "/query/wait"),
        ({"after_seq": -1}, "/query/after_seq"),
        ({"after_seq": 2**53}, "/query/after_seq"),
        ({"before_seq": 10**30}, "/query/before_seq"),
        ({"limit": 0}, "/query/limit"),
        ({"limit": 101}, "/query/limit"),
    ],
)
def test_what_cannot_be_asked_is_named(signed_in: People, asked: dict[str, Any], pointer: str) -> None:
    ada = signed_in("ada")
    answer = ada.get(f"/v1/conversations/{ada.conversation}/messages", **asked)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_an_edit_keeps_what_was_said_and_is_allowed_for_a_while(signed_in: People, clock: ManualClock) -> None:
    ada = signed_in("ada")
    sent = ada.send(ada.conversation, "Helo").json()

    edited = ada.ask("PATCH", f"/v1/messages/{sent['id']}", json={"body": "Hello"}).json()
    clock.advance(timedelta(minutes=16))
    ada = signed_in("ada")
    late = ada.ask("PATCH", f"/v1/messages/{sent['id']}", json={"body": "Hello!"})

    assert (edited["body"], edited["status"], edited["seq"]) == ("Hello", "edited", sent["seq"])
    assert [one["body"] for one in edited["edits"]] == ["Helo"]
    assert (late.status_code, late.json()["code"]) == (403, "edit_too_late")


def test_a_deleted_message_keeps_its_number_and_nothing_else(signed_in: People) -> None:
    ada, tom = signed_in("ada"), signed_in("tom")
    conversation = ada.conversation
    sent = ada.send(conversation, "Oops").json()
    ada.ask("PATCH", f"/v1/messages/{sent['id']}", json={"body": "Oops!"})

    codes = [ada.ask("DELETE", f"/v1/messages/{sent['id']}").status_code for _ in range(2)]

    assert codes == [204, 204]
    assert "Oops" not in str(tom.messages(conversation))
    shown = tom.get(f"/v1/messages/{sent['id']}").json()
    assert (shown["seq"], shown["status"], shown["body"], shown["edits"]) == (sent["seq"], "deleted", "", [])
    again = ada.ask("PATCH", f"/v1/messages/{sent['id']}", json={"body": "Back"})
    assert (again.status_code, again.json()["code"]) == (409, "message_deleted")


def test_others_may_not_change_a_message_but_who_looks_after_the_organization_may_delete_it(signed_in: People) -> None:
    ada, tom = signed_in("ada"), signed_in("tom")
    path = f"/v1/messages/{ada.send(ada.conversation, 'Hello').json()['id']}"

    edit, delete = tom.ask("PATCH", path, json={"body": "Hi"}), tom.ask("DELETE", path)
    stranger = signed_in("eve").ask("DELETE", path)
    elsewhere = signed_in("eve", *MODERATING, org_id="acme").ask("DELETE", path)
    moderated = signed_in("eve", *MODERATING).ask("DELETE", path)

    assert [(one.status_code, one.json()["code"]) for one in (edit, delete)] == [(403, "not_your_message")] * 2
    assert [stranger.status_code, elsewhere.status_code] == [404, 404]
    assert moderated.status_code == 204


def test_the_former_trainer_is_out_at_once_and_the_new_one_sees_the_history(stage: Stage, signed_in: People) -> None:
    ada, tom, tim = (signed_in(name) for name in ("ada", "tom", "tim"))
    conversation = ada.conversation
    message = tom.send(conversation, "Welcome").json()["id"]

    stage.hand_over("tim")

    assert tom.send(conversation, "Still here").status_code == 404
    assert tom.get(f"/v1/conversations/{conversation}/messages").status_code == 404
    assert tom.ask("DELETE", f"/v1/messages/{message}").status_code == 404
    assert tom.get("/v1/messages", q="welcome").json()["items"] == []
    assert tim.said(conversation) == ["Welcome"]
    assert tim.send(conversation, "I take over").status_code == 201
    assert {one["user_id"] for one in ada.conversations()[0]["members"]} == {"ada", "tim"}


def test_a_conversation_without_a_trainer_is_read_and_not_written(stage: Stage, signed_in: People) -> None:
    ada = signed_in("ada")
    conversation = ada.conversation
    message = ada.send(conversation, "Hello").json()["id"]

    stage.deallocate()

    refused = [
        ada.send(conversation, "Anybody?"),
        ada.ask("PATCH", f"/v1/messages/{message}", json={"body": "Hello?"}),
    ]
    assert [(one.status_code, one.json()["code"]) for one in refused] == [(403, "conversation_closed")] * 2
    assert ada.said(conversation) == ["Hello"]
    assert ada.conversations()[0]["status"] == "read_only"
    assert ada.ask("PUT", f"/v1/conversations/{conversation}/read", json={"seq": 1}).status_code == 200
    stage.allocate(trainer="tim", epoch=3)
    assert ada.send(conversation, "Hello Tim").status_code == 201


def test_a_search_finds_what_was_said_where_i_am_the_newest_first(stage: Stage, signed_in: People) -> None:
    stage.allocate(course="geometry")
    stage.allocate(student="eve", course="algebra")
    ada, eve = signed_in("ada"), signed_in("eve")
    mine = {one["course_id"]: one["id"] for one in ada.conversations()}
    for course, body in (("algebra", "Circles are round"), ("geometry", "Draw two CIRCLES"), ("algebra", "Squares")):
        ada.send(mine[course], body)
    eve.send(eve.conversation, "Secret circles")

    assert [one["body"] for one in ada.get("/v1/messages", q="circles").json()["items"]] == [
        "Draw two CIRCLES",
        "Circles are round",
    ]
    here = ada.get("/v1/messages", q="circles", conversation_id=mine["algebra"]).json()["items"]
    assert [one["body"] for one in here] == ["Circles are round"]
    pages = []
    query: dict[str, Any] = {"q": "circles", "limit": 1}
    while True:
        page = ada.get("/v1/messages", **query).json()
        pages.append([one["body"] for one in page["items"]])
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert pages == [["Draw two CIRCLES"], ["Circles are round"]]
    assert ada.get("/v1/messages", q="squares", cursor=query["cursor"]).json()["code"] == "invalid_cursor"


class TestRates:
    @pytest.fixture
    def stage(self, stored: str) -> Stage:
        made = Stage(chat_settings(rates=boundless(sending="3/hour", conversation="4/hour", search="1/hour")))
        made.allocate()
        return made

    def test_each_person_and_each_conversation_has_a_rate(self, signed_in: People) -> None:
        ada, tom, eve = signed_in("ada"), signed_in("tom"), signed_in("eve")
        conversation = ada.conversation
        strangers = [eve.send(conversation, "Let me in").status_code for _ in range(4)]
        adas = [ada.send(conversation, str(number)).status_code for number in range(4)]
        toms = [tom.send(conversation, str(number)) for number in range(2)]

        assert strangers == [404, 404, 404, 429], "strangers use up what is theirs"
        assert adas == [201, 201, 201, 429], "and nothing of the conversation's"
        assert [one.status_code for one in toms] == [201, 429]
        assert toms[1].json()["code"] == "rate_limited"
        assert int(toms[1].headers["Retry-After"]) > 3000
        assert ada.said(conversation) == ["0", "1", "2", "0"]

    def test_a_search_costs_more_than_a_look(self, signed_in: People) -> None:
        ada = signed_in("ada")
        assert [ada.get("/v1/messages", q="x").status_code for _ in range(2)] == [200, 429]
        assert ada.conversations() != []


HOSTILE = {
    "NUL": '{"client_id": "c", "body": "a\\u0000"}',
    "half a surrogate pair": '{"client_id": "c", "body": "a\\ud800"}',
    "empty": '{"client_id": "c", "body": ""}',
    "1 MB": '{"client_id": "c", "body": "' + "a" * 1_000_000 + '"}',
    "10 MB": '{"client_id": "c", "body": "' + "a" * 10_000_000 + '"}',
    "a little too long": '{"client_id": "c", "body": "' + "a" * 10_001 + '"}',
    "an unknown field": '{"client_id": "c", "body": "a", "sender_id": "tom"}',
    "an unfit id": '{"client_id": "c d", "body": "a"}',
    "no id": '{"body": "a"}',
    "nothing": "",
    "nested": "[" * 10_000 + "]" * 10_000,
    "not UTF-8": "\xff\xfe",
    "only blanks": '{"client_id": "c", "body": "  \\n "}',
    "heaped accents": '{"client_id": "c", "body": "a' + "\\u0301\\u0323" * 16 + '"}',
    "only what nobody sees": '{"client_id": "c", "body": "\\u200b\\u200d\\u2060"}',
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_messages_get_a_problem_and_change_nothing(signed_in: People, kind: str) -> None:
    ada = signed_in("ada")
    conversation = ada.conversation
    before = ada.messages(conversation)
    answer = ada.ask(
        "POST",
        f"/v1/conversations/{conversation}/messages",
        content=HOSTILE[kind].encode("latin-1"),
        headers={"Content-Type": "application/json"},
    )

    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert ada.messages(conversation) == before


@pytest.mark.parametrize(
    "body",
    [
        "שלום, \u202bמה שלומך\u202c?",
        "a\u200bb",
        "👩\u200d🚀",
        "\U0001d525\U0001d522 " * 100,
        "line one\nline two\ttabbed",
        "e\u0301",
        "<script>alert(1)</script>",
        '{"$gt": ""}',
        "\\u0000",
        "a" * 10_000,
    ],
)
def test_whatever_people_write_comes_back_as_they_wrote_it(signed_in: People, body: str) -> None:
    ada, tom = signed_in("ada"), signed_in("tom")
    conversation = ada.conversation
    assert ada.send(conversation, body).status_code == 201

    assert tom.said(conversation) == [body]


def test_the_longest_message_fits_however_it_is_spelled(signed_in: People) -> None:
    ada = signed_in("ada")
    body = "\U0001d525" * 10_000
    content = ('{"client_id": "' + new_id() + '", "body": "' + "\\ud835\\udd25" * 10_000 + '"}').encode()
    answer = ada.ask(
        "POST",
        f"/v1/conversations/{ada.conversation}/messages",
        content=content,
        headers={"Content-Type": "application/json"},
    )

    assert (answer.status_code, answer.json().get("body")) == (201, body)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/conversations/%00",
        "/v1/conversations/%ED%A0%80/messages",
        "/v1/messages/" + "x" * 5000,
        "/v1/messages?q=%00",
        "/v1/messages?q=%ED%A0%80",
        "/v1/messages?q=" + "x" * 201,
        "/v1/messages?q=",
        "/v1/messages",
        "/v1/messages?q=x&cursor=%00",
    ],
)
def test_hostile_addresses_get_a_problem(signed_in: People, path: str) -> None:
    answer = signed_in("ada").ask("GET", path)

    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["code"]


@pytest.mark.parametrize("q", ["$where", ".*", "^z", "(", "\u200b", "   ", "%", "''", "é", "🚀"])
def test_a_search_takes_any_text_as_text(signed_in: People, q: str) -> None:
    ada = signed_in("ada")
    ada.send(ada.conversation, "abc")
    answer = ada.get("/v1/messages", q=q)

    assert answer.status_code in (200, 422), answer.text
    if answer.status_code == 200:
        assert answer.json()["items"] == []
