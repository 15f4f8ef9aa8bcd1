from __future__ import annotations

import importlib
import runpy
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    from shared.modelguard.tests.conftest import Project

    Namespace = dict[str, Any]
    Route = Callable[[ModuleType], Namespace]

BODY = """
    name = StringField(required=True)
    tags = ListField(StringField())

    def shout(self):
        return self.name.upper()
"""
KINDS = {
    "document": f"class Model(Document):{BODY}",
    "dynamic": f"class Model(DynamicDocument):{BODY}",
    "embedded": f"class Model(EmbeddedDocument):{BODY}",
    "abstract": f"class Model(Document):\n    meta = {{'abstract': True}}{BODY}",
    "inherited": f"class Parent(Document):\n    meta = {{'allow_inheritance': True}}\n\nclass Model(Parent):{BODY}",
}


def reload(_: Project, module: ModuleType) -> Namespace:
    return vars(importlib.reload(module))


def alias(project: Project, module: ModuleType) -> Namespace:
    return vars(project.again(module))


def alias_outside_sys_modules(project: Project, module: ModuleType) -> Namespace:
    return vars(project.alias(module, "nowhere", registered=False))


def second_root(project: Project, module: ModuleType) -> Namespace:
    project.root_also(file_of(module).parent)
    return vars(project.load(module.__name__.rpartition(".")[2]))


def symlink_to_file(project: Project, module: ModuleType) -> Namespace:
    link = project.root / "linked.py"
    if not link.exists():
        link.symlink_to(file_of(module))
    return vars(project.load("linked"))


def symlink_to_folder(project: Project, module: ModuleType) -> Namespace:
    link = project.root / "linked"
    if not link.exists():
        link.symlink_to(file_of(module).parent, target_is_directory=True)
    return vars(project.load(f"linked.{file_of(module).stem}"))


def delete_and_import(project: Project, module: ModuleType) -> Namespace:
    del sys.modules[module.__name__]
    return vars(project.load(module.__name__))


def namespace_package(project: Project, module: ModuleType) -> Namespace:
    folder = file_of(module).parent
    project.root_also(folder.parent.parent)
    return vars(project.load(f"{folder.parent.name}.{folder.name}.{file_of(module).stem}"))


def run_path(_: Project, module: ModuleType) -> Namespace:
    return runpy.run_path(str(file_of(module)))


def run_as_main(_: Project, module: ModuleType) -> Namespace:
    return runpy.run_path(str(file_of(module)), run_name="__main__")


def execute(_: Project, module: ModuleType) -> Namespace:
    file = file_of(module)
    namespace: Namespace = {"__name__": "executed", "__file__": str(file)}
    code = compile(file.read_text(encoding="utf-8"), str(file), "exec", dont_inherit=True)
    exec(code, namespace)  # noqa: S102  # one of the routes under test
    return namespace


def file_of(module: ModuleType) -> Path:
    from pathlib import Path

    return Path(module.__file__ or "")


ROUTES = (
    reload,
    alias,
    alias_outside_sys_modules,
    second_root,
    symlink_to_file,
    symlink_to_folder,
    delete_and_import,
    namespace_package,
    run_path,
    run_as_main,
    execute,
)


@pytest.fixture(params=list(KINDS.values()), ids=list(KINDS))
def source(request: pytest.FixtureRequest) -> str:
    """The text of a module that defines `Model`, once per kind of class."""
    text: str = request.param
    return text


@pytest.fixture(params=ROUTES, ids=[route.__name__ for route in ROUTES])
def route(request: pytest.FixtureRequest, guarded: Project) -> Route:
    """A way to run the file of an imported module once more; gives the namespace it ran in."""
    return lambda module: request.param(guarded, module)
