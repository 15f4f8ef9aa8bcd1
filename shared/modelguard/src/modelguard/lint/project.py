"""From places to an index: find the files, read them or take what is known of them, link them."""

import os
from collections.abc import Collection, Sequence
from pathlib import Path

from modelguard.lint.cache import Cache
from modelguard.lint.facts import Facts
from modelguard.lint.files import Namer, python_files, shown
from modelguard.lint.index import Index
from modelguard.lint.modules import Module
from modelguard.lint.reading import content, facts_of
from modelguard.lint.settings import Settings


def read_project(places: Sequence[Path], settings: Settings, cache: Cache) -> Index:
    """The index over some places.

    Raises:
        LintError: a place does not exist.
    """
    files = python_files(places, settings)
    facts = [_facts(file, cache) for file in files]
    heads = {each.module.partition(".")[0] for read in facts for each in read.imports if not each.level}
    top = _top(files, settings, heads)
    namer = Namer(top, settings, heads)
    modules = [
        Module(shown(file, settings), file, namer.name(file), read, _real(file))
        for file, read in zip(files, facts, strict=True)
    ]
    cache.save()
    return Index(modules, top, settings)


def _top(files: Sequence[str], settings: Settings, heads: Collection[str]) -> str:
    """Where looking for packages ends: the settings' folder, or the one around everything.

    Where everything is inside one folder that imports begin with, that one: it may be a package without `__init__.py`.
    """
    if settings.is_written or not files:
        return str(settings.folder)
    around = Path(os.path.commonpath([os.path.dirname(file) for file in files]))  # noqa: PTH120 - once per file
    above = (each for each in (around, *around.parents) if each.is_relative_to(settings.folder) and each.name in heads)
    return str(next(above, around))


def _real(file: str) -> str:
    return os.path.realpath(file) if os.path.islink(file) else file  # noqa: PTH114 - once per file


def _facts(file: str, cache: Cache) -> Facts:
    data = content(Path(file))
    if isinstance(data, Facts):
        return data
    key = cache.key(data)
    known = cache.get(key)
    if known is None:
        known = facts_of(data)
        cache.put(key, known)
    return known
