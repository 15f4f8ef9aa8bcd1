"""MG07: what a package of models hands on."""

import difflib
from collections.abc import Iterator

from modelguard.lint.facts import Import
from modelguard.lint.finding import Finding
from modelguard.lint.index import Index, at, exports, names_of_models
from modelguard.lint.models import Model
from modelguard.lint.modules import Module
from modelguard.lint.rule import Rule

_CODE = "MG07"
_USUAL_NAMES = frozenset({"models", "documents"})  # of packages that are meant to hand on models, even if they do not
_OPEN = "__getattr__"


def _find(index: Index) -> Iterator[Finding]:
    for module in index.modules:
        if not index.settings.looks_at(_CODE, module.path):
            continue
        if module.file.endswith("/__init__.py"):
            yield from _of_package(index, module)
        if index.model_module(module):
            yield from _missing_exports(index, module)
        for each in module.facts.imports:
            yield from _of_import(index, module, each)


def _of_package(index: Index, package: Module) -> Iterator[Finding]:
    inside = [each for each in _children(index, package) if _is_exported_kind(each)]
    if not inside or not (package in index.indexes or package.name.rpartition(".")[2] in _USUAL_NAMES):
        return
    handed_on = exports(index, package)
    listed = package.facts.exported
    for model in inside:
        if model not in handed_on:
            message = f"{package.name} does not hand on {model.fact.name}: who imports the package may miss it"
            yield at(model, _CODE, message, _fix(package, model))
        elif listed is not None and not set(handed_on[model]) & set(listed):
            message = f"{package.name} imports {model.fact.name} and does not list it in __all__"
            yield at(model, _CODE, message, f'add "{handed_on[model][0]}" to __all__ of {package.path}')
    if listed is None and not package.facts.computes_exports and handed_on:
        names = ", ".join(f'"{handed_on[model][0]}"' for model in inside if model in handed_on)
        message = f"{package.name} hands on models and has no __all__: what it promises is not written down"
        yield Finding(package.path, 1, 1, _CODE, package.name, message, f"write: __all__ = [{names}]")


def _is_exported_kind(model: Model) -> bool:
    return not (model.fact.nesting or model.is_abstract or model.fact.name.startswith("_"))


def _children(index: Index, package: Module) -> Iterator[Model]:
    """The models in the files of a package, other than its index."""
    for model in index.models_in.get(package.folder, ()):
        if model.module is not package and index.settings.looks_at(_CODE, model.module.path):
            yield model


def _fix(package: Module, model: Model) -> str:
    name = model.fact.name
    return f'write in {package.path}: from {model.module.name} import {name}, and "{name}" in its __all__'


def _missing_exports(index: Index, module: Module) -> Iterator[Finding]:
    for name in module.facts.exported or ():
        if not _has(index, module, name):
            message = f"__all__ lists {name!r}, which {module.name} does not have: a star import of it fails"
            fix = f"import {name} above, or take it out of __all__"
            yield Finding(module.path, module.facts.exported_line, 1, _CODE, f"{module.name}.{name}", message, fix)


def _of_import(index: Index, module: Module, each: Import) -> Iterator[Finding]:
    if each.name is None or each.typing:
        return
    source = index.symbols.imported(module, each)
    if not isinstance(source, Module) or not index.model_module(source):
        return
    subject = f"{module.name}:{source.name}.{each.name}"
    if each.name == "*":
        names = ", ".join(sorted(names_of_models(index, source))) or "..."
        message = f"imports everything from {source.name}: which models it needs, and that they exist, nobody can see"
        fix = f"write: from {'.' * each.level}{each.module} import {names}"
        yield Finding(module.path, each.line, each.column + 1, _CODE, subject, message, fix)
    elif not _has(index, source, each.name):
        message = f"imports {each.name} from {source.name}, which has no such name"
        there = [model for model in index.models if model.fact.name == each.name and not model.fact.nesting]
        fix = f"write: from {there[0].module.name} import {each.name}" if there else _near(source, each.name)
        yield Finding(module.path, each.line, each.column + 1, _CODE, subject, message, fix)


def _near(source: Module, name: str) -> str:
    alike = difflib.get_close_matches(name, [bound for scope, bound in source.bound if not scope], n=1)
    return f"did you mean {alike[0]}?" if alike else f"define it in {source.path}, or drop the import"


def _has(index: Index, module: Module, name: str) -> bool:
    bound = module.bound
    if ("", name) in bound or ("", _OPEN) in bound or (name.startswith("__") and name.endswith("__")):
        return True
    return bool(module.stars) or index.symbols.submodule(module, name) is not None


_USER = """
# shop/models/user.py
from modelguard import Document


class User(Document):
    pass
# shop/models/role.py
from modelguard import Document


class Role(Document):
    pass
"""

RULE = Rule(
    _CODE,
    "A model that its package does not export, an export that does not exist, a star import of models.",
    "Whoever imports the package believes that all models are registered. One that is left out is missing in some "
    "processes and there in others.",
    "Import every model of a package in its __init__.py, by name, and list it in __all__.",
    f"""{_USER}
# shop/models/__init__.py
from shop.models.user import User

__all__ = ["User", "Account"]
""",
    f"""{_USER}
# shop/models/__init__.py
from shop.models.role import Role
from shop.models.user import User

__all__ = ["Role", "User"]
""",
    _find,
)
