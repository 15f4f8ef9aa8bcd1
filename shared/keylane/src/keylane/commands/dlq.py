"""`dlq`: look at dead letters, replay them, discard them."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypeVar

import click

from keylane.commands import options, printing
from keylane.commands.progress import Progress
from keylane.commands.refusal import Refusal, plain_refusals
from keylane.commands.text import room
from keylane.errors import UnavailableError
from keylane.selection import EVERYTHING_OPEN, Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Sequence

    from keylane.commands.connection import Connection, Given
    from keylane.dead_letter import DeadLetter
    from keylane.dead_letters import DeadLetters
    from keylane.replaying import Report

T = TypeVar("T")


def dead_letter_commands(connection: Connection, *, program: str, named: str = "") -> click.Group:
    """The commands `list`, `show`, `histogram`, `replay` and `discard`.

    Args:
        connection: Its options are options of every command.
        program: What a person types before `list`, for the examples.
        named: What a person types behind it to say whose letters are meant, for the examples.
    """
    group = click.Group("dlq", help="Dead letters: look at them, replay them, discard them.")
    for build in (_list, _show, _histogram, _replay, _discard):
        group.add_command(build(_Desk(connection, program, named)))
    return group


class _Desk:
    """Runs one use of the library on the letters that the connection's options name."""

    def __init__(self, connection: Connection, program: str, named: str) -> None:
        self._connection = connection
        self._program = program
        self._named = named

    def command(
        self,
        name: str,
        callback: Callable[..., None],
        own: Sequence[click.Parameter],
        text: str,
        examples: Sequence[str],
    ) -> click.Command:
        lines = [f"  {self._program} {one.replace(name, name + self._named, 1)}" for one in examples]
        epilog = "\b\nExamples:\n" + "\n".join(lines)
        return click.Command(
            name, callback=callback, params=[*own, *self._connection.options], help=text, epilog=epilog
        )

    def use(
        self,
        given: dict[str, Any],
        work: Callable[[DeadLetters], Coroutine[Any, Any, T]],
        progress: Progress | None = None,
    ) -> T:
        taken = {option.name: given[option.name] for option in self._connection.options if option.name}
        with plain_refusals():
            return asyncio.run(self._use(taken, work, progress or Progress()))

    async def _use(self, given: Given, work: Callable[[DeadLetters], Coroutine[Any, Any, T]], progress: Progress) -> T:
        async with self._connection.open(given) as letters:
            letters.watch = progress.watch
            return await work(letters)


def _list(desk: _Desk) -> click.Command:
    def callback(*, as_json: bool, limit: int, **given: Any) -> None:
        wanted = options.selection(given)

        async def work(letters: DeadLetters) -> tuple[int, tuple[DeadLetter, ...]]:
            found = await letters.list(wanted)
            if not as_json:
                return len(found), await letters.recalled(found[:limit])
            async with aclosing(letters.whole(await letters.recalled(found))) as full:
                async for letter in full:
                    click.echo(printing.letter_json(letter))
            return len(found), ()

        count, found = desk.use(given, work)
        if as_json:
            return
        if found:
            _echo(printing.list_lines(found, columns=room()))
        more = f", the oldest {limit} shown: raise --limit" if count > limit else ""
        click.echo(f"{count} dead {'letter' if count == 1 else 'letters'}{more}.")

    limit = click.Option(["--limit"], type=click.IntRange(min=1), default=100, show_default=True, help="Rows printed.")
    text = "List dead letters, the oldest first; without --state those that somebody still has to look at."
    examples = ("list", "list --reason exhausted --since 2h", "list --json | jq -r .id")
    return desk.command("list", callback, [*options.SELECTING, limit, options.JSON], text, examples)


def _show(desk: _Desk) -> click.Command:
    def callback(*, letter: str, as_json: bool, full: bool, **given: Any) -> None:
        found = desk.use(given, lambda letters: letters.show(letter))
        if found is None:
            raise Refusal(f"no dead letter has the id {letter}")
        _echo([printing.letter_json(found)] if as_json else printing.show_lines(found, full=full))

    full = click.Option(["--full"], is_flag=True, help="All of a long value.")
    text = "Show one letter: where it comes from, why it is dead, what was done to it, its headers, stack trace and "
    text += "value.\n\nLETTER is its id, or as many of its first digits as are unique."
    return desk.command("show", callback, [click.Argument(["letter"]), full, options.JSON], text, ["show 3f9c0b7a12de"])


def _histogram(desk: _Desk) -> click.Command:
    def callback(*, as_json: bool, **given: Any) -> None:
        wanted = options.selection(given)
        found = desk.use(given, lambda letters: letters.histogram(wanted))
        if as_json:
            _echo(printing.histogram_json(found))
        elif found:
            _echo(printing.histogram_lines(found, columns=room()))
        else:
            click.echo("0 dead letters.")

    text = "Count letters by cause, the most frequent first."
    examples = ("histogram", "histogram --since 1d --state replayed")
    return desk.command("histogram", callback, [*options.SELECTING, options.JSON], text, examples)


def _replay(desk: _Desk) -> click.Command:
    def callback(*, ids: tuple[str, ...], everything: bool, actor: str | None, **given: Any) -> None:
        asked = {"actor": options.actor(actor)} | {
            name: given.pop(name) for name in ("apply", "why", "rate", "force", "limit")
        }
        wanted = _chosen(given, ids, everything=everything)
        _report(desk, given, "replayed", lambda letters, tell: letters.replay(wanted, progress=tell, **asked))

    text = (
        "Publish letters again, for their own group alone, with their bytes as they were.\n\n"
        "Says what it would do, and does it with --apply. A message that is done stays as it is; one that dies again "
        "is the same letter, and after three replays it is left alone. Cut short, run it again: it goes on."
    )
    examples = (
        "replay 3f9c0b7a12de",
        "replay --error SchemaError --since 2h --apply --why 'fixed in 1.4.2'",
        "replay --all --limit 10 --rate 1 --apply",
    )
    return desk.command("replay", callback, options.REPLAYING, text, examples)


def _discard(desk: _Desk) -> click.Command:
    def callback(*, ids: tuple[str, ...], everything: bool, actor: str | None, **given: Any) -> None:
        asked = {"actor": options.actor(actor)} | {name: given.pop(name) for name in ("apply", "why", "limit")}
        wanted = _chosen(given, ids, everything=everything)
        _report(desk, given, "discarded", lambda letters, tell: letters.discard(wanted, progress=tell, **asked))

    text = (
        "Decide that letters need nothing: they are listed no more, and stay in their topic.\n\n"
        "Says what it would do, and does it with --apply. Needs MongoDB, which keeps who decided it and why."
    )
    examples = (
        "discard 3f9c0b7a12de",
        "discard --reason unknown_type --until 7d --apply --why 'retired events'",
    )
    return desk.command("discard", callback, options.DISCARDING, text, examples)


def _chosen(given: dict[str, Any], ids: tuple[str, ...], *, everything: bool) -> Selection:
    wanted = options.selection(given, ids)
    if everything == (wanted != EVERYTHING_OPEN):
        raise click.UsageError("say which letters: their ids, options that they fit, or --all.")
    return wanted


def _report(
    desk: _Desk, given: dict[str, Any], what: str, work: Callable[[DeadLetters, Progress], Coroutine[Any, Any, Report]]
) -> None:
    as_json, progress = given.pop("as_json"), Progress(what)
    try:
        report = desk.use(given, lambda letters: work(letters, progress), progress)
    except Refusal as exc:
        if isinstance(exc.__cause__, UnavailableError) and progress.done:
            raise Refusal(f"{exc.message}; {progress.words()}: run it again, it goes on") from exc
        raise
    _echo([printing.report_json(report)] if as_json else printing.report_lines(report, columns=room()))


def _echo(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)
