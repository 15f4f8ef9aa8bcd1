"""MG11: one file of models that can be imported under two names."""

from collections.abc import Iterator

from modelguard.lint.facts import Import
from modelguard.lint.finding import Finding
from modelguard.lint.import_statements import renamed, with_it
from modelguard.lint.index import Index, at
from modelguard.lint.modules import Module
from modelguard.lint.rule import Rule

_CODE = "MG11"


def _find(index: Index) -> Iterator[Finding]:
    yield from _two_spellings(index)
    yield from _two_roots(index)
    yield from _two_paths(index)


def _two_spellings(index: Index) -> Iterator[Finding]:
    """Imports of one file under different names."""
    spelled: dict[Module, dict[str, list[tuple[Module, Import]]]] = {}
    for module in index.modules:
        for each in module.facts.imports:
            for target, name in _spellings(index, module, each):
                spelled.setdefault(target, {}).setdefault(name, []).append((module, each))
    for target, names in spelled.items():
        if len(names) > 1:
            right = target.name if target.name in names else max(sorted(names), key=lambda name: len(names[name]))
            for name in names.keys() - {right}:
                for module, each in names[name]:
                    if index.settings.looks_at(_CODE, module.path):
                        yield _spelled(module, each, name, right, names[right][0])


def _spellings(index: Index, module: Module, each: Import) -> Iterator[tuple[Module, str]]:
    if each.level or each.typing:
        return
    target = index.target(module, each)
    source = index.symbols.named(module, each.module)
    if target is None or source is None:
        return
    if target is source:
        yield target, each.module
    elif each.name is not None and index.symbols.submodule(source, each.name) is target:
        yield target, f"{each.module}.{each.name}"


def _spelled(module: Module, each: Import, name: str, right: str, other: tuple[Module, Import]) -> Finding:
    message = (
        f"imports as {name} the file that {other[0].path}:{other[1].line} imports as {right}: Python runs it once per "
        "name, and its models are defined twice"
    )
    fix = f"write: {_respelled(module, each, name, right)}; and keep one folder of the two on sys.path"
    return Finding(module.path, each.line, each.column + 1, _CODE, f"{module.name}:{name}", message, fix)


def _respelled(module: Module, each: Import, name: str, right: str) -> str:
    """The statement with the other name of the file; names bound by it stay as they are."""
    if each.name is None:
        return f"import {right}" if each.alias == right else f"import {right} as {each.alias}"
    if each.module == name:
        listed = [one for one in with_it(module, each) if one.level == 0]
        return f"from {right} import {', '.join(map(renamed, listed))}"
    package, _, last = right.rpartition(".")
    one = renamed(each._replace(name=last))
    return f"from {package} import {one}" if package else f"import {one}"


def _two_roots(index: Index) -> Iterator[Finding]:
    """Roots inside each other, or inside a package."""
    folder = index.settings.folder
    for root in index.settings.roots:
        inside = f"{(folder / root).as_posix()}/"
        outer = [each for each in index.settings.roots if inside.startswith(f"{(folder / each).as_posix()}/")]
        below = [each for each in index.models if each.module.file.startswith(inside) and each.is_registered_at_import]
        if not below or not index.settings.looks_at(_CODE, below[0].module.path):
            continue
        model = below[0]
        short = model.module.spot.removeprefix(inside).replace("/", ".")
        around = [each for each in outer if each != root]
        if around:
            top = f"{(folder / around[0]).as_posix()}/"
            long = model.module.spot.removeprefix(top).replace("/", ".")
            message = f"can be imported as {long} and as {short}: the root {root} lies inside the root {around[0]}"
            fix = f"keep one of the two in roots under [tool.modelguard], and on sys.path: import {long}"
            yield at(model, _CODE, message, fix)
        elif f"{inside}__init__.py" in {each.file for each in index.modules}:
            message = f"can be imported as {short} and through the package {root}: a root must not be a package itself"
            yield at(model, _CODE, message, f"take {root}/__init__.py away, or make the folder above it the root")


def _two_paths(index: Index) -> Iterator[Finding]:
    """A file and a symlink to it."""
    first: dict[str, Module] = {}
    for module in sorted(index.model_modules, key=lambda each: (each.file != each.real, each.path)):
        twin = first.setdefault(module.real, module)
        if twin is not module and index.settings.looks_at(_CODE, module.path):
            message = (
                f"is the same file as {twin.path}, through a symlink: two names, two runs, each model defined twice"
            )
            fix = f"remove the symlink and write: import {twin.name}"
            yield Finding(module.path, 1, 1, _CODE, module.name, message, fix)


RULE = Rule(
    _CODE,
    "One file of models that is imported under two names.",
    "Python knows modules by name, not by file: a folder and its parent both on sys.path, or a symlink, run the file "
    "twice. Plain mongoengine then has two classes for one collection, and everything else in the file exists twice.",
    "Import it by one name everywhere, and keep one root on sys.path.",
    """
# shop/__init__.py
# shop/models.py
from modelguard import Document


class User(Document):
    pass
# shop/tasks.py
from shop.models import User
# shop/worker.py
from models import User
""",
    """
# shop/__init__.py
# shop/models.py
from modelguard import Document


class User(Document):
    pass
# shop/tasks.py
from shop.models import User
# shop/worker.py
from shop.models import User
""",
    _find,
)
