"""What to say of an import that is no statement, and what to write in its place."""

from collections.abc import Sequence

from modelguard.lint.index import Index
from modelguard.lint.models import Model
from modelguard.lint.modules import Module

_TEXTS = {"exec", "eval"}
_WALKS = {"pkgutil.walk_packages", "pkgutil.iter_modules"}
Said = tuple[str, str]  # the message, and the change to make


def known(index: Index, name: str, imported: Sequence[Module]) -> Said:
    """Of a call that imports these model modules."""
    target = imported[0]
    if name.endswith(".reload"):
        message = (
            f"runs the model module {target.name} once more through {name}: its classes stay, all else is made anew"
        )
        return message, "drop it, and start the process again when code has changed"
    package = target.name.rpartition(".")[0]
    walks = name in _WALKS and package
    what = f"modules of {package}" if walks else f"module {target.name}"
    message = (
        f"imports the model {what} through {name}: no reader and no check of the import graph sees it, and a second "
        "name would register its models again"
    )
    return message, _in_the_index(
        index, package, target
    ) if walks else f"write at the top of the file: import {target.name}"


def _in_the_index(index: Index, package: str, first: Module) -> str:
    model = next((each for each in index.models if each.module is first), None)
    example = f", as in: {_import_of(model)}" if model is not None else ""
    return f"write at the top of the file: import {package}; and let its __init__.py import each by name{example}"


def computed(index: Index, module: Module, name: str) -> Said:
    """Of a call whose text is not known before it runs."""
    message = f"{name} gets what only running the program tells: it may run any model module, unseen or a second time"
    one = index.settings.loader
    elsewhere = f"do it in {one}, which may" if one else f'add to [tool.modelguard]: loader = "{module.name}"'
    if name in _TEXTS:
        return message, f"write the code out, or call a function by its name; or, {elsewhere}"
    return (
        message,
        f"write the imports out, at the top of the package that owns the models{_example(index)}; or, {elsewhere}",
    )


def _example(index: Index) -> str:
    """With a model of the program; those of tests and benchmarks are not meant."""
    meant = (each for each in index.registry.values() if not each.fact.nesting and not _is_beside(each.module.path))
    model = next(meant, None)
    return f", as in: {_import_of(model)}" if model is not None else ""


def _is_beside(path: str) -> bool:
    return any(part.startswith(("test", "benchmark", "example")) for part in path.split("/"))


def _import_of(model: Model) -> str:
    return f"from {model.module.name} import {model.fact.name}"
