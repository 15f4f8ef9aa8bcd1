"""What people see is judged rightly: a good day holds every promise, and each broken thing is named by its own."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from lyceum_devstack.check import (
    Forgery,
    Learner,
    Order,
    School,
    Screen,
    SeenAccess,
    SeenConversation,
    SeenMessage,
    SeenOrder,
    Skill,
    Teacher,
    Text,
    judge_screens,
)

MATH = Skill.of("default", "math", "en")
LATIN = Skill.of("default", "latin", "en")
QUESTION, ANSWER = Text("ada", "ada-1", "Where do I start?"), Text("tom", "tom-1", "With the first lesson.")
LINES = (
    SeenMessage(1, "system", "opened", "", is_text=False),
    SeenMessage(2, QUESTION.sender_id, QUESTION.client_id, QUESTION.body),
    SeenMessage(3, ANSWER.sender_id, ANSWER.client_id, ANSWER.body),
)
TALK = SeenConversation("k1", "algebra", "ada", "tom", "Tom Baker", "open", LINES)
ADA = Learner("Ada", "ada", "algebra", MATH, (Order(("p1", "p1"), 4900, 0),), (QUESTION,))
BEN = Learner("Ben", "ben", "latin", LATIN, (Order(("p2",), 4900, 0),))
CLEO = Learner("Cleo", "cleo", "algebra", MATH, (Order(("p3",), 4900, 4900),))
GOOD = School(
    learners=(ADA, BEN, CLEO),
    screens={
        "ada": Screen((SeenOrder("p1", "paid", 0),), SeenAccess("active", ("p1",), "tom", waits=False), (TALK,)),
        "ben": Screen((SeenOrder("p2", "paid", 0),), SeenAccess("active", ("p2",), None, waits=True)),
        "cleo": Screen((SeenOrder("p3", "refunded", 4900),), SeenAccess("ended", (), None, waits=False)),
    },
    teachers={"tom": Teacher("tom", "Tom Baker", frozenset({MATH}), (ANSWER,), Screen(conversations=(TALK,)))},
    forgeries=(Forgery("forged", "bad_signature", "bad_signature"),),
)


def with_screen(name: str, **changed: object) -> School:
    return replace(GOOD, screens={**GOOD.screens, name: replace(GOOD.screens[name], **changed)})  # type: ignore[arg-type]  # one field or another


def with_talk(talk: SeenConversation, *, on_both: bool = True) -> School:
    changed = with_screen("ada", conversations=(talk,))
    tom = replace(GOOD.teachers["tom"], screen=Screen(conversations=(talk,)))
    return replace(changed, teachers={"tom": tom}) if on_both else changed


def with_learner(learner: Learner) -> School:
    return replace(GOOD, learners=tuple(learner if one.name == learner.name else one for one in GOOD.learners))


def access(trainer: str | None = None, *, waits: bool = False, by: tuple[str, ...] = ("p1",)) -> SeenAccess:
    return SeenAccess("active", by, trainer, waits=waits)


def test_a_good_day_holds_every_promise() -> None:
    assert [finding for finding in judge_screens(GOOD) if finding.against] == []


def shuffled() -> School:
    later = Text("ada", "ada-2", "And then?")
    lines = (LINES[0], SeenMessage(2, *later), SeenMessage(3, *QUESTION), replace(LINES[2], seq=4))
    return replace(
        with_talk(replace(TALK, messages=lines)), learners=(replace(ADA, texts=(QUESTION, later)), BEN, CLEO)
    )


STUCK = "Everybody got through the day"
ONE_ORDER = "However often somebody clicks, it is one order"
MONEY = "Each order shows what was paid and given back, once"
ATTENDS = "Whoever paid attends, by exactly those purchases"
SERVED = "Each of them has one trainer who teaches it, or a place in the queue"
NEITHER = "Whoever paid nothing, or has all of it back, has neither"
TALKS = "Each student with a trainer has one conversation, with that trainer"
DENSE = "Messages are numbered without a gap"
ALIKE = "Both sides of a conversation see the same"
TEXTS = "Every message is there once, as it was written, in order"
BELIEVED = "Nobody believes a forged, altered or stale payment event"

BROKEN: dict[str, tuple[str, Callable[[], School]]] = {
    "a student who could not go on": (STUCK, lambda: with_learner(replace(ADA, troubles=("no course",)))),
    "a trainer who could not": (STUCK, lambda: replace(GOOD, troubles=("Tom: 500",))),
    "two orders for one key": (ONE_ORDER, lambda: with_learner(replace(ADA, orders=(Order(("p1", "p9"), 4900, 0),)))),
    "an order that nobody made": (
        ONE_ORDER,
        lambda: with_screen("ada", orders=(*GOOD.screens["ada"].orders, SeenOrder("p9", "created", 0))),
    ),
    "a refund that counted twice": (MONEY, lambda: with_screen("cleo", orders=(SeenOrder("p3", "refunded", 9800),))),
    "a payment that did not count": (MONEY, lambda: with_screen("ada", orders=(SeenOrder("p1", "created", 0),))),
    "an order that is not shown": (MONEY, lambda: with_screen("ada", orders=())),
    "paid and locked out": (ATTENDS, lambda: with_screen("ada", access=None)),
    "attends by another purchase": (ATTENDS, lambda: with_screen("ada", access=access("tom", by=("p1", "p9")))),
    "money back and still in": (ATTENDS, lambda: with_screen("cleo", access=access("tom", by=("p3",)))),
    "neither trainer nor place": (SERVED, lambda: with_screen("ben", access=access(by=("p2",)))),
    "trainer and place": (SERVED, lambda: with_screen("ada", access=access("tom", waits=True))),
    "a trainer of something else": (SERVED, lambda: with_screen("ben", access=access("tom", by=("p2",)))),
    "money back and a trainer": (NEITHER, lambda: with_screen("cleo", access=access("tom", by=()))),
    "money back and a place": (NEITHER, lambda: with_screen("cleo", access=access(waits=True, by=()))),
    "money back and a say": (
        NEITHER,
        lambda: with_screen("cleo", conversations=(replace(TALK, student_id="cleo", conversation_id="k2"),)),
    ),
    "no conversation": (TALKS, lambda: with_screen("ada", conversations=())),
    "two conversations": (
        TALKS,
        lambda: with_screen("ada", conversations=(TALK, replace(TALK, conversation_id="k2", messages=()))),
    ),
    "a conversation with somebody else": (TALKS, lambda: with_talk(replace(TALK, trainer_id="eve"))),
    "a conversation that is closed": (TALKS, lambda: with_talk(replace(TALK, status="read_only"))),
    "another name on the screen": (TALKS, lambda: with_talk(replace(TALK, trainer_name="Eve"))),
    "a trainer who does not see it": (
        TALKS,
        lambda: replace(GOOD, teachers={"tom": replace(GOOD.teachers["tom"], screen=Screen())}),
    ),
    "a gap": (DENSE, lambda: with_talk(replace(TALK, messages=(*LINES[:2], replace(LINES[2], seq=4))))),
    "a number given twice": (DENSE, lambda: with_talk(replace(TALK, messages=(*LINES[:2], replace(LINES[2], seq=2))))),
    "two sides that differ": (ALIKE, lambda: with_talk(replace(TALK, messages=LINES[:2]), on_both=False)),
    "a message that is lost": (TEXTS, lambda: with_talk(replace(TALK, messages=LINES[:2]))),
    "a message that is doubled": (TEXTS, lambda: with_talk(replace(TALK, messages=(*LINES, replace(LINES[2], seq=4))))),
    "a message that is altered": (
        TEXTS,
        lambda: with_talk(replace(TALK, messages=(*LINES[:2], replace(LINES[2], body="?")))),
    ),
    "messages in another order": (TEXTS, shuffled),
    "a forgery that was believed": (
        BELIEVED,
        lambda: replace(GOOD, forgeries=(Forgery("forged", "bad_signature", "received"),)),
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_is_named_by_its_own_promise(what: str) -> None:
    promise, school = BROKEN[what]
    broken = {finding.promise for finding in judge_screens(school()) if finding.against}
    assert promise in broken
