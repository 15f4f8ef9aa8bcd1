from __future__ import annotations

from typing import Any

from .story_commands import Script

ORDER = "01a1fe35-1f25-7d9a-878c-523c377ef635"
COURSE = "01a1fe35-1e8c-773c-b9a4-42d3d59cb6f0"
HASH = "9ba3a52ccad9b7d845ffcdce973f5e1caa953fdb"
COMMANDS: list[dict[str, Any]] = [
    {"find": "courses", "filter": {"_id": COURSE}},
    {"insert": "purchases", "documents": [{"_id": ORDER, "course_id": COURSE, "order_key": f"default:{HASH}", "n": 1}]},
    {"update": "purchases", "updates": [{"q": {"_id": ORDER, "version": 0}, "u": {"$set": {f"seen.{ORDER}": 3}}}]},
]
SCRIPT = Script(COMMANDS, frozenset({COURSE}))


def test_a_repetition_makes_a_thing_of_its_own_out_of_what_was_there_before() -> None:
    find, insert, update = SCRIPT.again(7)
    (made,) = insert["documents"]

    assert find == COMMANDS[0]
    assert made["course_id"] == COURSE
    assert made["n"] == 1
    assert made["_id"] != ORDER
    assert made["order_key"] != f"default:{HASH}"
    assert update["updates"] == [{"q": {"_id": made["_id"], "version": 0}, "u": {"$set": {f"seen.{made['_id']}": 3}}}]


def test_two_repetitions_never_make_the_same_thing() -> None:
    ids = {SCRIPT.again(number)[1]["documents"][0]["_id"] for number in range(500)}

    assert len(ids) == 500


def test_what_has_to_be_there_carries_the_names_of_its_repetition() -> None:
    script = Script(COMMANDS, frozenset({COURSE}), {"purchases": [{"_id": ORDER}]})

    assert script.documents_again(3)["purchases"][0]["_id"] == script.again(3)[1]["documents"][0]["_id"]


def test_the_summary_counts_commands_by_kind_and_collection() -> None:
    assert SCRIPT.summary == "1 find courses, 1 insert purchases, 1 update purchases"
