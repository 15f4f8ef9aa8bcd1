"""From places to an index: find the files, read them or take what is known of them, link them."""

import os
from collections.abc import Sequence
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
    top = _top(files, settings)
    facts = [_facts(file, cache) for file in files]
    heads = {each.module.partition(".")[0] for read in facts for each in read.imports if not each.level}
    namer = Namer(top, settings, heads)
    modules = [
        Module(shown(file, settings), file, namer.name(file), read, _real(file))
        for file, read in zip(files, facts, strict=True)
    ]
    cache.save()
    return Index(modules, top, settings)


def _top(files: Sequence[str], settings: Settings) -> str:
    """Where looking for packages ends: the settings' folder, or the one around everything."""
    if settings.is_written or not files:
        return str(settings.folder)
    return os.path.commonpath([os.path.dirname(file) for file in files])  # noqa: PTH120 - once per file


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
