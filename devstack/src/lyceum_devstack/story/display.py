"""The day as it happens: bars that grow where there is a terminal, a line now and then where there is none."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from lyceum_devstack.console import Glyphs, glyphs_for
from lyceum_devstack.story.board import Board, Step

LINE_EVERY_S = 5.0
REFRESH_EVERY_S = 0.2
BAR_CELLS = 32
NARROW = 70
COLOURS = {Step.WAITING: "yellow", Step.RETURNED: "yellow", Step.DONE: "cyan"}


@asynccontextmanager
async def showing(console: Console, board: Board) -> AsyncIterator[None]:
    """Show the board until the block ends."""
    shown = asyncio.create_task(_live(console, board) if console.is_terminal else _lines(console, board))
    try:
        yield
    finally:
        shown.cancel()
        with suppress(asyncio.CancelledError):
            await shown


async def _lines(console: Console, board: Board) -> None:
    next_at = time.monotonic() + LINE_EVERY_S
    while True:
        await asyncio.sleep(max(next_at - time.monotonic(), 0))
        next_at += LINE_EVERY_S
        console.print(f"  {board.seconds:2.0f} s  {board.line()}", soft_wrap=True)


async def _live(console: Console, board: Board) -> None:
    glyphs = glyphs_for(console)
    with Live(_picture(board, glyphs, console.width), console=console, auto_refresh=False, transient=True) as live:
        while True:
            await asyncio.sleep(REFRESH_EVERY_S)
            live.update(_picture(board, glyphs, console.width), refresh=True)


def _picture(board: Board, glyphs: Glyphs, width: int) -> RenderableType:
    cells = BAR_CELLS if width >= NARROW else BAR_CELLS // 4
    steps = Table.grid(padding=(0, 2))
    for step in Step:
        steps.add_row(Text(f"  {step}"), _bar(board, step, glyphs, cells), str(board.reached[step]))
    pace = Text(f"\n  {board.seconds:.0f} s, {board.messages} messages\n", style="dim")
    moments = [Text(f"  {moment}", style="dim", no_wrap=True, overflow="ellipsis") for moment in board.recent]
    return Group(steps, pace, *moments)


def _bar(board: Board, step: Step, glyphs: Glyphs, cells: int) -> Text:
    full = round(cells * min(board.reached[step] / max(board.students, 1), 1))
    bar = Text(glyphs.filled * full, style=COLOURS.get(step, "green"))
    bar.append(glyphs.free * (cells - full), style="dim")
    return bar
