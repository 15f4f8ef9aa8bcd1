from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
import textwrap
from typing import TYPE_CHECKING

import mongoengine
import mongomock
import pytest
from mongoengine import signals
from mongoengine.base.common import _document_registry
from mongoengine.connection import disconnect_all

import modelguard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

HEADER = (
    "from mongoengine import *; "
    "from mongoengine import signals; "
    "from {library} import Document, DynamicDocument, EmbeddedDocument, DynamicEmbeddedDocument"
)


class Project:
    """A folder of model modules on one library's bases, and the ways Python has to run one of them again."""

    def __init__(self, root: Path, library: str) -> None:
        self.root = root
        self.library = library
        self._loaded = 0

    def write(self, path: str, source: str) -> Path:
        """Write a module whose first line imports mongoengine's fields and this project's bases."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{HEADER.format(library=self.library)}\n{textwrap.dedent(source)}", encoding="utf-8")
        return file

    def module(self, name: str, source: str) -> ModuleType:
        """Write `name` (dots are folders) below the root and import it."""
        self.write(f"{name.replace('.', '/')}.py", source)
        return self.load(name)

    def load(self, name: str) -> ModuleType:
        importlib.invalidate_caches()
        return importlib.import_module(name)

    def forget(self, name: str) -> None:
        """Delete a module from `sys.modules`, as some test suites do."""
        sys.modules.pop(name, None)

    def reload(self, module: ModuleType) -> ModuleType:
        return importlib.reload(module)

    def root_also(self, folder: Path) -> None:
        """Make `folder` importable too: its modules now have two names."""
        sys.path.insert(0, str(folder))

    def again(self, module: ModuleType) -> ModuleType:
        """Run a module's file once more under a name of its own: both copies stay at hand."""
        self._loaded += 1
        return self.alias(module, f"{module.__name__.replace('.', '_')}_again_{self._loaded}")

    def alias(self, module: ModuleType, name: str, *, registered: bool = True) -> ModuleType:
        """Load a module's file as plugin loaders do, with or without an entry in `sys.modules`."""
        spec = importlib.util.spec_from_file_location(name, module.__file__ or "")
        if spec is None or spec.loader is None:
            raise LookupError(name)
        twin = importlib.util.module_from_spec(spec)
        if registered:
            sys.modules[name] = twin
        spec.loader.exec_module(twin)
        return twin


@contextlib.contextmanager
def plain_registry_restored() -> Iterator[None]:
    """Give mongoengine's registry back as it was; drop signal receivers and connections."""
    documents = dict(_document_registry)
    try:
        yield
    finally:
        disconnect_all()
        _document_registry.clear()
        _document_registry.update(documents)
        for name in signals.__all__:
            getattr(signals, name)._clear_state()


@contextlib.contextmanager
def imports_restored(root: Path) -> Iterator[None]:
    """Put `root` on the path, and forget afterwards every module that was not there before."""
    modules, path, bytecode = set(sys.modules), list(sys.path), sys.dont_write_bytecode
    sys.path.insert(0, str(root))
    # A rewritten file of the same second and size would be taken from its stale bytecode.
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.path[:] = path
        sys.dont_write_bytecode = bytecode
        ours = [
            name
            for name in set(sys.modules) - modules
            if any(place.startswith(str(root)) for place in places_of(sys.modules[name]))
        ]
        for name in ours:
            del sys.modules[name]


def places_of(module: ModuleType) -> list[str]:
    """A module's file, and the folders of a package: a namespace package has no file."""
    return [*filter(None, [getattr(module, "__file__", None)]), *getattr(module, "__path__", [])]


@pytest.fixture
def database() -> None:
    """Connect `lessons` as the default and `archive` by its own alias, both in memory."""
    mongoengine.connect("lessons", mongo_client_class=mongomock.MongoClient, uuidRepresentation="standard")
    mongoengine.connect(
        "archive", alias="archive", mongo_client_class=mongomock.MongoClient, uuidRepresentation="standard"
    )


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Project]:
    """A project on mongoengine's own bases."""
    with plain_registry_restored(), imports_restored(tmp_path):
        yield Project(tmp_path, "mongoengine")


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Project]:
    """A project on the guarded bases."""
    with plain_registry_restored(), modelguard.isolated(), imports_restored(tmp_path):
        yield Project(tmp_path, "modelguard")
