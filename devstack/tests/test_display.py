"""The day as it is shown: bars on a terminal, a line now and then elsewhere."""

import io
import re

import pytest
from rich.console import Console

from lyceum_devstack.story import display
from lyceum_devstack.story.board import Board, Step
from lyceum_devstack.story.patience import until as until_so


@pytest.fixture
def board() -> Board:
    board = Board(4)
    for _ in range(3):
        board.reach(Step.SIGNED_IN)
    board.reach(Step.SERVED)
    board.messages = 7
    board.tell("Ada Bauer has Mei Tanaka as trainer")
    return board


async def shown(console: Console, board: Board, until: str) -> str:
    written = console.file
    assert isinstance(written, io.StringIO)

    async def said() -> bool:
        return until in written.getvalue()

    async with display.showing(console, board):
        await until_so(said, f"{until!r} is shown", within_s=20.0)
    return written.getvalue()


async def test_a_terminal_shows_bars_and_moments(board: Board) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100, color_system=None)

    text = await shown(console, board, "Mei Tanaka")

    assert re.search(r"signed in +█{24}░{8} +3\b", text)
    assert re.search(r"have a trainer +█{8}░{24} +1\b", text)
    assert "7 messages" in text


async def test_without_a_terminal_there_are_lines(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "LINE_EVERY_S", 0.05)
    console = Console(file=io.StringIO(), width=40)

    text = await shown(console, board, "messages\n")

    assert re.match(r" +0 s  3 signed in, 1 have a trainer; 7 messages\n", text)


def test_before_anybody_came_it_says_so() -> None:
    assert Board(4).line() == "everybody is on the way; 0 messages"
