"""`[tool.modelguard]` of `pyproject.toml`."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from modelguard.lint.errors import LintError

_FILE = "pyproject.toml"
_LISTS = (
    "paths", "exclude", "roots", "ignore", "idempotent-decorators", "known-models", "guarded-bases", "plain-bases",
)  # fmt: skip
_TEXTS = ("loader", "cache-dir")
_BY_FILE = "per-file-ignores"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a project says about itself.

    Attributes:
        folder: where the settings stand; patterns and paths start there.
        paths: what belongs to the project; all of it is read, whichever part is reported.
        exclude: patterns of files and folders that are not read.
        roots: folders from which modules are imported (entries of `sys.path`).
        ignore: codes of rules that are off.
        per_file_ignores: codes of rules that are off, by pattern.
        loader: dotted name of the one module that may import models by a computed name.
        idempotent_decorators: dotted names of class decorators that may be applied twice.
        known_models: registry names of models that other distributions define.
        guarded_bases: dotted names of further guarded bases.
        plain_bases: dotted names of further bases that are not guarded.
        cache_dir: where facts are kept between runs.
        is_written: whether a `pyproject.toml` has these settings.
    """

    folder: Path
    paths: Sequence[str] = ()
    exclude: Sequence[str] = ()
    roots: Sequence[str] = ()
    ignore: Sequence[str] = ()
    per_file_ignores: Mapping[str, Sequence[str]] = field(default_factory=dict)
    loader: str = ""
    idempotent_decorators: Sequence[str] = ()
    known_models: Sequence[str] = ()
    guarded_bases: Sequence[str] = ()
    plain_bases: Sequence[str] = ()
    cache_dir: str = ".modelguard_cache"
    is_written: bool = False

    def excludes(self, path: str) -> bool:
        """Whether a path below `folder` is left out."""
        return any(_matches(path, pattern) for pattern in self.exclude)

    def looks_at(self, code: str, path: str) -> bool:
        """Whether a rule is on for a path below `folder`."""
        if code in self.ignore:
            return False
        return not any(code in codes and _matches(path, pattern) for pattern, codes in self.per_file_ignores.items())


def _matches(path: str, pattern: str) -> bool:
    """As the shell matches, where `*` also spans folders; a folder stands for all that is in it."""
    pattern = pattern.removeprefix("./").rstrip("/")
    return fnmatchcase(path, pattern) or fnmatchcase(path, f"{pattern}/*")


def settings_for(start: Path, given: Path | None, codes: Sequence[str]) -> Settings:
    """The settings in a given file; else in the nearest `pyproject.toml` above `start` that has any; else none.

    Raises:
        LintError: the file cannot be read, or says something that no setting is.
    """
    if given is not None:
        table = _table(given)
        return _settings(given, {} if table is None else table, codes)
    for folder in (start, *start.parents):
        file = folder / _FILE
        if file.is_file() and (table := _table(file)) is not None:
            return _settings(file, table, codes)
    here = Path.cwd()
    return Settings(here if start.is_relative_to(here) else start)


def _table(file: Path) -> dict[str, Any] | None:
    try:
        read = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise LintError(f"cannot read {file}: {error.strerror or error}") from error
    except ValueError as error:  # no TOML, no UTF-8, a number of thousands of digits
        raise LintError(f"cannot read {file}: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise LintError(f"cannot read {file}: it is nested too deeply") from error
    tools = read.get("tool", {})
    table = tools.get("modelguard") if isinstance(tools, dict) else None
    if table is not None and not isinstance(table, dict):
        raise LintError(f"{file}: tool.modelguard is no table")
    return table


def _settings(file: Path, table: Mapping[str, Any], codes: Sequence[str]) -> Settings:
    known = (*_LISTS, *_TEXTS, _BY_FILE)
    for key, value in table.items():
        if key not in known:
            raise LintError(f"{file}: no setting tool.modelguard.{key}; there are {', '.join(sorted(known))}")
        _check(file, key, value)
    by_file = table.get(_BY_FILE, {})
    for code in (*table.get("ignore", ()), *(code for listed in by_file.values() for code in listed)):
        if code not in codes:
            raise LintError(f"{file}: no rule {code!r}; `modelguard explain` lists them")
    options = {key.replace("-", "_"): value for key, value in table.items()}
    return Settings(file.absolute().parent, **options, is_written=True)


def _check(file: Path, key: str, value: object) -> None:
    if key in _TEXTS:
        _expect(_is_text(value), file, key, 'a text, such as "shop.loader"')
    elif key in _LISTS:
        _expect(_is_list_of_texts(value), file, key, 'a list of texts, such as ["one"]')
    else:
        fits = isinstance(value, dict) and all(map(_is_list_of_texts, value.values()))
        _expect(fits, file, key, 'a table of lists, such as {"tests/*" = ["MG05"]}')


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_text(value: object) -> bool:
    """A null byte is in no path and no name: the system would refuse it later, in words of its own."""
    return isinstance(value, str) and "\0" not in value


def _expect(holds: object, file: Path, key: str, what: str) -> None:
    if not holds:
        raise LintError(f"{file}: tool.modelguard.{key} must be {what}")
