"""Modules by path and by name: who `import shop.models.user` means, seen from one file."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from modelguard.lint.facts import Binding, Facts, Import, nothing


class Module:
    """A file of the project, or a folder that is a package without `__init__.py`.

    Attributes:
        path: as messages show it.
        folder: the folder that the file is in.
        spot: the path without what makes it a module.
        file: the absolute path of the file; of a folder, the folder.
        name: dotted, as most of the project's imports would write it.
        real: the file that a symlink leads to; `file` for all others.
    """

    def __init__(self, path: str, file: str, name: str, facts: Facts, real: str = "") -> None:
        self.path = path
        self.file = file
        self.name = name
        self.facts = facts
        self.real = real or file
        self.is_package = file.endswith("/__init__.py") or not file.endswith(".py")
        self.spot = spot(file)
        self.folder = file.rpartition("/")[0]

    def __repr__(self) -> str:
        return f"<Module {self.name}>"

    @cached_property
    def bound(self) -> Mapping[tuple[str, str], list[Binding | Import]]:
        """What each name of each scope is given; imports for type checkers only where there is nothing else."""
        found: dict[tuple[str, str], list[Binding | Import]] = {}
        for binding in self.facts.bindings:
            found.setdefault((binding.scope, binding.name), []).append(binding)
        for typing in (False, True):
            for each in self.facts.imports:
                if each.typing is typing and each.name != "*":
                    known = found.setdefault((each.scope, each.alias), [])
                    if not (typing and known) and not any(_is_twin(each, other) for other in known):
                        known.append(each)
        return found

    @cached_property
    def stars(self) -> Sequence[Import]:
        """Star imports, which may bind any name."""
        return [each for each in self.facts.imports if each.name == "*" and not each.typing]

    @property
    def package(self) -> str:
        """The dotted name that relative imports and `__package__` start from."""
        return self.name if self.is_package else self.name.rpartition(".")[0]


def _is_twin(one: Import, other: Binding | Import) -> bool:
    """`import a.b` and `import a.c` bind the same `a`; a plain import after `import a.b as x` says nothing new."""
    if isinstance(other, Binding):
        return other.kind == "module"
    return one.name is None and other.name is None and one.alias == other.alias


def spot(file: str) -> str:
    """The path without what makes it a module: of a package, its folder."""
    return file.removesuffix("/__init__.py").removesuffix(".py")


class Names:
    """All modules, found by what an import writes."""

    def __init__(self, modules: Iterable[Module], top: str) -> None:
        self._top = top
        self._at = {module.spot: module for module in modules}
        self._named: dict[str, list[Module]] = {}
        for module in list(self._at.values()):
            self._named.setdefault(module.name, []).append(module)
            self._add_folders(module)
        self._known: dict[tuple[str, str], Module | None] = {}

    def _add_folders(self, module: Module) -> None:
        """Folders without `__init__.py` around a module are packages too."""
        folder, name = module.spot.rpartition("/")[0], module.name.rpartition(".")[0]
        while folder not in self._at and f"{folder}/".startswith(f"{self._top}/"):
            package = Module(folder, folder, name or folder.rpartition("/")[2], nothing())
            self._at[folder] = package
            if name:
                self._named.setdefault(name, []).append(package)
            folder, name = folder.rpartition("/")[0], name.rpartition(".")[0]

    def inside(self, package: Module, name: str) -> Module | None:
        """The module or package of this last name in a package."""
        return self._at.get(f"{package.spot}/{name}") if package.is_package else None

    def absolute(self, importer: Module, name: str) -> Module | None:
        """Whom `import name` means in a file; None if it is not of this project."""
        key = (importer.folder, name)
        if key not in self._known:
            self._known[key] = self._nearest(*key)
        return self._known[key]

    def _nearest(self, folder: str, name: str) -> Module | None:
        named = self._named.get(name)
        if named:
            return max(named, key=lambda module: len(_common(module.spot, folder)))
        tail = name.replace(".", "/")
        while True:
            found = self._at.get(f"{folder}/{tail}")
            if found is not None or not f"{folder}/".startswith(f"{self._top}/"):  # one above: it may be a package
                return found
            folder = folder.rpartition("/")[0]

    def relative(self, importer: Module, level: int, name: str) -> Module | None:
        """Whom `from ..name import` means in a file."""
        place = importer.spot if importer.is_package else importer.folder
        for _ in range(level - 1):
            place = place.rpartition("/")[0]
        return self._at.get("/".join([place, *filter(None, name.split("."))]))


def _common(one: str, other: str) -> str:
    length = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        length += 1
    return one[:length]
