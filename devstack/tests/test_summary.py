"""The summary can be read in any console, and says what the judge found."""

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console

from lyceum_devstack.check import Case, Enrolment, Purchase, Skill, Trainer, judge
from lyceum_devstack.console import ASCII, UNICODE, glyphs_for, make_console
from lyceum_devstack.demo.summary import Result, show

MATH, LATIN = Skill("default", "math", "en"), Skill("default", "latin", "en")


@pytest.fixture
def case(play: Callable[..., Case]) -> Case:
    roster = [Trainer("amara-okafor", frozenset({MATH}), 3)]
    day = [
        Purchase(f"p{number}", Enrolment("default", f"s{number}", "c"), skill)
        for number, skill in enumerate([MATH, MATH, LATIN, MATH])
    ]
    return play(roster, day, doomed=frozenset({3}))


def rendered(case: Case, *, width: int = 80, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, errors="strict", write_through=True)
    console = make_console(stream)
    console.width = width
    show(console, Result(case, judge(case), {"defined": 17, "reused": 0, "conflicts": 0}, seconds=3.2))
    return raw.getvalue().decode(encoding)


def test_it_says_what_happened(case: Case) -> None:
    text = " ".join(rendered(case, width=120).split())
    for said in (
        "published 4 records, 0 of them",
        "allocated 2 students",
        "waitlisted 1 student ",
        "dead-lettered 1 record ",
        "latin in en 1 want a seat, 0 have one",
        "amara-okafor 2/3 ██░",
        "exhausted 1",
        "TRAINER_ALLOCATED 2",
        "defined 17",
        "All 11 promises hold.",
    ):
        assert said in text


def test_names_are_no_markup(play: Callable[..., Case]) -> None:
    day = [Purchase("p", Enrolment("default", "s", "c"), Skill("default", "[/bold] :smile: [red]", "en"))]
    assert "[/bold] :smile: [red] in en" in rendered(play([], day), width=120)


def test_a_broken_promise_is_named(case: Case) -> None:
    text = rendered(replace(case, seen=replace(case.seen, letters=())))
    assert "✗" in text
    assert "has 0 dead letters and should have 1" in " ".join(text.split())
    assert "1 of 11 promises are broken" in text


def test_long_lists_are_cut(case: Case) -> None:
    text = rendered(replace(case, seen=replace(case.seen, committed={}, done=frozenset())))
    assert "and 2 more" in text


@pytest.mark.parametrize("encoding", ["cp437", "cp1252", "cp1251", "ascii", "utf-8"])
@pytest.mark.parametrize("width", [20, 40, 200])
def test_any_code_page_and_width_will_do(case: Case, encoding: str, width: int) -> None:
    text = rendered(case, width=width, encoding=encoding)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "promises" in text


def test_signs_fit_the_code_page() -> None:
    def console(encoding: str) -> Console:
        return Console(file=io.TextIOWrapper(io.BytesIO(), encoding=encoding))

    assert glyphs_for(console("utf-8")) is UNICODE
    assert glyphs_for(console("cp1252")) is ASCII
