"""One run: settings, index, rules, then what comments and baseline accept."""

import contextlib
import gc
import io
import os
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from modelguard.lint.cache import Cache
from modelguard.lint.catalogue import CODES, RULES, UNREADABLE
from modelguard.lint.errors import LintError
from modelguard.lint.files import shown
from modelguard.lint.finding import Finding
from modelguard.lint.index import Index
from modelguard.lint.project import read_project
from modelguard.lint.settings import Settings, settings_for
from modelguard.lint.suppressions import allowed_out


class Report(NamedTuple):
    """What a run found.

    Attributes:
        findings: sorted by place, their paths as the settings' folder has them.
        files: how many files were read.
        models: how many models they define.
        folder: what the paths are relative to.
        asked: the paths that were asked for, those below `folder` relative to it.
    """

    findings: list[Finding]
    files: int
    models: int
    folder: Path
    asked: Sequence[str]

    def looked_at(self, path: str) -> bool:
        """Whether the findings of a file are among these, if it is there."""
        whole = str(self.folder)
        return any(place in (whole, path) or path.startswith(f"{place.rstrip('/')}/") for place in self.asked)


def lint(places: Sequence[Path], *, config: Path | None = None, cached: bool = True) -> Report:
    """Check the files below some places, in the light of the whole project they belong to.

    Without places, what the settings name as the project. `config` is another file with settings.

    Raises:
        LintError: a place does not exist, or the settings cannot be read.
    """
    settings = settings_for(_start(places), config, CODES)
    project = _existing(settings)
    asked = list(places) or project or [settings.folder]
    cache = Cache(settings.folder / settings.cache_dir if cached and settings.is_written else None)
    with _collector_paused():
        index = read_project([*asked, *project], settings, cache)
        _check_names(settings, index)
        found = sorted(set(allowed_out(findings(index), index.modules)))
    wanted = tuple(shown(os.path.abspath(place), settings) for place in asked)  # noqa: PTH100 - Path.absolute keeps `..`
    report = Report(found, len(index.modules), len(index.models), settings.folder, wanted)
    reported = [each for each in found if report.looked_at(each.path)]
    return report._replace(findings=list(_in_characters(reported, settings.folder)))


@contextlib.contextmanager
def _collector_paused() -> Iterator[None]:
    """Facts are many and all kept: to look for garbage among them costs a third of a warm run."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _start(places: Sequence[Path]) -> Path:
    """The folder around everything that was asked for; the working directory if that is nothing."""
    try:
        here = Path.cwd()
    except OSError as error:
        raise LintError(f"the working directory: {error.strerror or error}") from error
    for place in places:
        if not os.path.lexists(place):
            raise LintError(f"{place}: no such file or folder")
    if not places:
        return here
    around = Path(os.path.commonpath([os.path.abspath(place) for place in places]))  # noqa: PTH100 - as above
    return around if around.is_dir() else around.parent


def _existing(settings: Settings) -> list[Path]:
    """What belongs to the project: `paths`, or all of its folder."""
    if not settings.is_written:
        return []
    project = [settings.folder / path for path in settings.paths or ["."]]
    for path in project:
        if not path.exists():
            raise LintError(f"tool.modelguard.paths: {path} does not exist")
    return project


def _check_names(settings: Settings, index: Index) -> None:
    """Refuse settings that name what is not there: they would silently do nothing."""
    if settings.loader and settings.loader not in {module.name for module in index.modules}:
        raise LintError(f"tool.modelguard.loader: no module {settings.loader} in the project")
    for root in settings.roots:
        if not (settings.folder / root).is_dir():
            raise LintError(f"tool.modelguard.roots: {settings.folder / root} does not exist")


def findings(index: Index) -> Iterator[Finding]:
    """What the rules find, and the files that could not be read."""
    for module in index.modules:
        if module.facts.trouble is not None:
            line, column, text = module.facts.trouble
            fix = f'correct it, or add to [tool.modelguard]: exclude = ["{module.path}"]'
            yield Finding(module.path, line, column + 1, UNREADABLE, "", text, fix)
    for rule in RULES:
        yield from rule.find(index)


def _in_characters(found: Sequence[Finding], folder: Path) -> Iterator[Finding]:
    """Python counts columns in bytes of UTF-8, editors in characters."""
    lines: dict[str, list[str]] = {}
    for each in found:
        if each.column == 1 or each.code == UNREADABLE:
            yield each
            continue
        if each.path not in lines:
            lines[each.path] = _lines(folder / each.path)
        line = "".join(lines[each.path][each.line - 1 : each.line]).encode(errors="replace")
        yield each._replace(column=len(line[: each.column - 1].decode(errors="replace")) + 1 if line else each.column)


def _lines(file: Path) -> list[str]:
    """The lines of a file, as Python reads it; none if it is gone by now."""
    try:
        data = file.read_bytes()
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except (OSError, SyntaxError):
        return []
    return io.TextIOWrapper(io.BytesIO(data), encoding, errors="replace").readlines()
