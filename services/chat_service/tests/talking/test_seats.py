"""Allocations open conversations, hand them over and close them, in whatever order they are heard of."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat_service.allocations.handlers import HANDLERS
from chat_service.conversations import rules
from chat_service.conversations.exceptions import ConversationClosed, ConversationUnknown
from chat_service.conversations.rules import Seat
from chat_service.models import Conversation, Participant, PendingNotice
from chat_service.models.conversation import MOST_MEMBERS
from chat_service.repositories import conversation_id
from chat_service.talking import MODELS
from keylane import Fatal
from lyceum_contracts import ALLOCATIONS, AllocationStarved, Event

from .school import NOW, SKILL, TALK, WHO, School, allocated, caller, moved, over, waits

OPEN, SHUT = "open", "read_only"

LIVES: dict[str, tuple[Sequence[Event], str, str]] = {
    "has a trainer": ([allocated(1, "t1")], "t1", OPEN),
    "waited, then got one": ([waits(1), allocated(1, "t1")], "t1", OPEN),
    "was given back": ([allocated(1, "t1"), over(1, "t1")], "t1", SHUT),
    "bought again": ([allocated(1, "t1"), over(1, "t1"), allocated(2, "t2")], "t2", OPEN),
    "bought again, same trainer": ([allocated(1, "t1"), over(1, "t1"), allocated(2, "t1")], "t1", OPEN),
    "bought again and waits": ([allocated(1, "t1"), over(1, "t1"), waits(2)], "t1", SHUT),
    "was moved": ([allocated(1, "t1"), moved(2, "t2")], "t2", OPEN),
    "was moved twice": ([allocated(1, "t1"), moved(2, "t2"), moved(3, "t1")], "t1", OPEN),
    "was to be moved and stayed": ([allocated(1, "t1"), waits(2), allocated(2, "t1")], "t1", OPEN),
    "was given back while being moved": ([allocated(1, "t1"), waits(2), over(2, "t1")], "t1", SHUT),
    "was moved, then given back": ([allocated(1, "t1"), moved(2, "t2"), over(2, "t2")], "t2", SHUT),
}


def state(talk: Conversation) -> dict[str, Any]:
    """Everything that follows from who takes part."""
    kept = talk.to_mongo()
    return {name: kept.get(name) for name in ("members", "trainer_id", "allocation_id", "status", "student_id")}


@pytest.mark.parametrize("life", LIVES)
def test_whatever_the_order_the_end_is_the_same(school: School, life: str) -> None:
    told, trainer, status = LIVES[life]
    ends = []
    for number, order in enumerate(permutations(told)):
        for model in MODELS:
            model.objects.delete()

        school.told(*order, *order[: number % 3])

        ends.append(state(school.talk()))
        assert may_write(school, trainer) == (status == OPEN)
        assert may_write(school, "ana") == (status == OPEN)
        for former in {"t1", "t2"} - {trainer}:
            with pytest.raises(ConversationUnknown):
                school.sees(former)
    assert (ends[0]["trainer_id"], ends[0]["status"]) == (trainer, status)
    assert all(end == ends[0] for end in ends)


def may_write(school: School, user: str) -> bool:
    try:
        school.sends(user, f"may-{user}")
    except ConversationClosed:
        return False
    return True


@pytest.mark.parametrize(
    ("told", "notices"),
    [
        ("has a trainer", [("opened", "t1")]),
        ("was given back", [("opened", "t1"), ("closed", "t1")]),
        ("bought again", [("opened", "t1"), ("closed", "t1"), ("reopened", "t2")]),
        ("was moved twice", [("opened", "t1"), ("handed_over", "t2"), ("handed_over", "t1")]),
        ("was to be moved and stayed", [("opened", "t1")]),
        ("was given back while being moved", [("opened", "t1"), ("closed", "t1")]),
    ],
)
def test_each_change_is_one_message_however_often_it_is_told(
    school: School, told: str, notices: list[tuple[str, str]]
) -> None:
    for event in LIVES[told][0]:
        school.told(event, event)
    school.told(*LIVES[told][0])

    found = school.sees("ana")

    assert [(one.notice, one.about_id) for one in found] == notices
    assert {(one.kind, one.sender_id) for one in found} == {("system", "lyceum")}
    assert all(one.body for one in found)
    assert not school.talk().notices


FACTS = st.lists(st.tuples(st.integers(1, 6), st.booleans()), min_size=1, max_size=10)


def seat(epoch: int, *, is_over: bool) -> Seat:
    at = NOW + timedelta(minutes=2 * epoch + is_over)
    return Seat(epoch=epoch, trainer_id=f"t{epoch % 3}", over=is_over, at=at)


def joined(facts: Sequence[tuple[int, bool]]) -> list[Participant]:
    members: list[Participant] = []
    for epoch, is_over in facts:
        members = rules.seated("ana", members, seat(epoch, is_over=is_over))
    return members


@given(FACTS, st.data())
def test_the_same_facts_make_the_same_members(facts: list[tuple[int, bool]], data: st.DataObject) -> None:
    other = data.draw(st.permutations(facts + facts[:3]))

    members = joined(facts)

    assert members == joined(other)
    newest = max(facts)
    assert (members[-1].epoch, members[-1].over) == newest
    inside = [one.user_id for one in members if one.left_at is None]
    assert inside == ["ana", f"t{newest[0] % 3}"]


@given(FACTS)
def test_the_last_notice_says_what_holds_and_none_is_older_than_the_one_before(facts: list[tuple[int, bool]]) -> None:
    notices: list[tuple[tuple[int, bool], PendingNotice]] = []
    members: list[Participant] = []
    for epoch, is_over in facts:
        before, members = members, rules.seated("ana", members, seat(epoch, is_over=is_over))
        told = rules.notice_of(before, members)
        notices += [] if told is None else [((members[-1].epoch, members[-1].over), told)]

    assert [at for at, _ in notices] == sorted({at for at, _ in notices})
    assert (notices[-1][1].notice == "closed") == members[-1].over
    assert members[-1].over or notices[-1][1].about_id == members[-1].user_id


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FACTS, st.data())
def test_whatever_is_heard_in_whatever_order_the_conversation_is_the_same(
    school: School, facts: list[tuple[int, bool]], data: st.DataObject
) -> None:
    ends = []
    for order in (sorted(facts), data.draw(st.permutations(facts + facts[:3]))):
        for model in MODELS:
            model.objects.delete()
        for epoch, is_over in order:
            school.told(over(epoch, f"t{epoch % 3}") if is_over else allocated(epoch, f"t{epoch % 3}"))
        found = [one for one in school.sees("ana") if one.kind == "system"]
        assert len({one.client_id for one in found}) == len(found)
        ends.append((state(school.talk()), found[-1].notice == "closed"))

    assert ends[0] == ends[1]
    assert ends[0][1] == max(facts)[1]


def test_no_history_outgrows_the_document() -> None:
    long = [
        Participant(user_id="t", role="trainer", joined_at=NOW, epoch=epoch) for epoch in range(2, MOST_MEMBERS + 1)
    ]

    late = rules.seated("ana", long, seat(1, is_over=False))
    newer = rules.seated("ana", long, seat(MOST_MEMBERS + 1, is_over=False))

    assert len(late) == len(newer) == MOST_MEMBERS
    assert [(members[0].user_id, members[1].epoch) for members in (late, newer)] == [("ana", 2), ("ana", 3)]


def test_a_handover_takes_everything_from_one_and_shows_everything_to_the_other(school: School) -> None:
    school.told(allocated(1, "t1"))
    said = school.sends("t1", body="secret").message
    school.told(moved(2, "t2"))

    for forbidden in (
        lambda: school.sends("t1", "c2"),
        lambda: school.sends("t1", body="secret"),
        lambda: school.sees("t1"),
        lambda: school.reads("t1", 1),
        lambda: school.talks.get(TALK, caller("t1")),
    ):
        with pytest.raises(ConversationUnknown):
            forbidden()
    assert school.talks.mine(caller("t1")) == []
    assert school.says.search(caller("t1"), "secret") == []
    assert [one.id for one in school.says.search(caller("t2"), "secret")] == [said.id]
    assert [one.body for one in school.sees("t2")][1] == "secret"
    assert school.sends("t2", "c1").is_new


def test_a_change_wakes_those_who_wait(school: School) -> None:
    school.told(allocated(1, "t1"))

    assert set(school.heard) == {TALK}


def test_another_organizations_allocation_is_another_conversation(school: School) -> None:
    school.told(allocated(1, "t1"), headers={"ce_orgid": b"acme"})

    assert school.conversations.find(TALK) is None
    assert school.conversations.find(conversation_id("acme", "ana", "algebra"), org_id="acme") is not None


def test_every_type_of_the_topic_has_a_handler() -> None:
    assert set(HANDLERS) == set(ALLOCATIONS.types)


def test_waiting_opens_nothing(school: School) -> None:
    starved = AllocationStarved(**WHO, **SKILL, epoch=1, waiting_since=NOW, waited_s=9)

    school.told(waits(1), starved)

    assert school.conversations.find(TALK) is None


@pytest.mark.parametrize("event", [allocated(1, "t1"), moved(1, "t1"), over(1, "t1"), waits(1)], ids=lambda e: e.type)
def test_an_event_that_breaks_its_contract_is_for_the_dead_letters(school: School, event: Event) -> None:
    with pytest.raises(Fatal):
        school.told(event, data={"epoch": 1})


def test_an_event_of_no_organization_there_can_be_is_for_the_dead_letters(school: School) -> None:
    with pytest.raises(Fatal):
        school.told(allocated(1, "t1"), headers={"ce_orgid": b"no id"})
