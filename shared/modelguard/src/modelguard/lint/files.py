"""Which files a run reads, and the dotted name of each."""

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from modelguard.lint.errors import LintError
from modelguard.lint.settings import Settings

_NEVER = frozenset({"__pycache__", "node_modules", "site-packages"})
_ENVIRONMENT = "pyvenv.cfg"  # in each virtual environment
_SOURCES = "src"


def python_files(places: Sequence[Path], settings: Settings) -> list[str]:
    """Absolute paths of the Python files below some files and folders, sorted, each real file once.

    Of a file that two paths lead to, the path without a symlink is kept. Folders behind symlinks are not entered.

    Raises:
        LintError: a place does not exist.
    """
    found: dict[str, None] = {}
    for place in places:
        for file in _below(place, settings):
            found.setdefault(file)
    if any(os.path.realpath(place) != os.path.abspath(place) for place in places):  # noqa: PTH100 - as below
        return sorted(_each_once(found))
    return sorted(found)


def _each_once(files: Iterable[str]) -> Iterable[str]:
    """One path of each file whose folder is reached by several."""
    found: dict[str, str] = {}
    for file in files:
        folder, name = os.path.split(file)
        real = os.path.join(os.path.realpath(folder), name)  # noqa: PTH118 - the file itself may be a symlink
        if found.setdefault(real, file) != file and file == real:
            found[real] = file
    return found.values()


def _below(place: Path, settings: Settings) -> Iterator[str]:
    try:
        place.stat()
    except (OSError, RuntimeError) as error:
        raise LintError(f"{place}: {getattr(error, 'strerror', None) or error}") from error
    if not place.is_dir():
        yield os.path.abspath(place)  # noqa: PTH100 - Path.absolute keeps `..`, os.path does not
        return
    yield from _walk(os.path.abspath(place), settings)  # noqa: PTH100 - as above


def _walk(top: str, settings: Settings) -> Iterator[str]:
    waiting = [top]
    while waiting:
        entries = _entries(waiting.pop())
        if any(entry.name == _ENVIRONMENT for entry in entries):
            continue
        for entry in entries:
            if entry.name.startswith(".") or entry.name in _NEVER or settings.excludes(shown(entry.path, settings)):
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
            elif entry.name.endswith(".py") and not (entry.is_symlink() and Path(entry.path).is_dir()):
                yield entry.path


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        return list(os.scandir(folder))
    except FileNotFoundError:  # it went while others were read
        return []
    except OSError as error:
        raise LintError(f"{folder}: {error.strerror or error}") from error


def shown(file: str, settings: Settings) -> str:
    """The path as patterns and messages have it: below the settings' folder if it is there, with slashes."""
    folder = f"{settings.folder}{os.sep}"
    return file.removeprefix(folder).replace(os.sep, "/")


class Namer:
    """Dotted names of files, as most imports in the project write them.

    Where a name begins, nothing says for sure: `__init__.py` files and a folder `src` are hints, and so is what the
    project's imports begin with.

    Args:
        top: the folder around everything.
        heads: what absolute imports in the project begin with.
    """

    def __init__(self, top: str, settings: Settings, heads: Collection[str]) -> None:
        self._top = top
        self._heads = heads
        self._roots = {os.path.normpath(settings.folder / root) for root in settings.roots}
        self._packages: dict[str, tuple[str, ...]] = {}

    def name(self, file: str) -> str:
        """The name of a module."""
        folder, base = os.path.split(file)
        last = () if base == "__init__.py" else (base.removesuffix(".py"),)
        return ".".join((*self._package(folder), *last)) or Path(folder).name

    def _package(self, folder: str) -> tuple[str, ...]:
        unknown: list[str] = []
        around = folder
        while around not in self._packages and around not in unknown[-1:]:
            unknown.append(around)
            around = os.path.dirname(around)  # noqa: PTH120 - once per folder of a large project
        for each in reversed(unknown):  # each needs the one around it
            self._packages[each] = self._parts(each)
        return self._packages[folder]

    def _parts(self, folder: str) -> tuple[str, ...]:
        parent, name = os.path.split(folder)
        package = self._is_package(folder)
        if folder in self._roots or parent == folder or (name == _SOURCES and not package):
            return ()
        if folder == self._top:
            return (name,) if package or name in self._heads else ()
        above = self._package(parent)
        begins_here = package and not self._is_package(parent) and parent not in self._roots
        if begins_here and (name in self._heads or not above or above[0] not in self._heads):
            return (name,)
        return (*above, name)

    @staticmethod
    def _is_package(folder: str) -> bool:
        return os.path.isfile(f"{folder}/__init__.py")  # noqa: PTH113 - once per folder of a large project
