"""Giving a class the module name under which other processes can import it.

A class first seen as `__main__`, or under the alias of a loader, could not be unpickled anywhere else.
"""

import os
import sys
from typing import Any

from modelguard._site import Site

_EXCEPTIONS = ("DoesNotExist", "MultipleObjectsReturned")


def adopt_module_name(model: Any, site: Site) -> None:
    """Let the class carry the later module name if it is importable and the present one is not."""
    if (
        model.__module__ == site.module
        or importable(model.__module__, site.file)
        or not importable(site.module, site.file)
    ):
        return
    for named in (model, *(vars(model)[name] for name in _EXCEPTIONS if name in vars(model))):
        named.__module__ = site.module


def importable(module: str, file: str) -> bool:
    """Whether `import module` in a fresh process with this search path would run `file`."""
    if module == "__main__":
        return False
    parent, _, _ = module.rpartition(".")
    path = getattr(sys.modules.get(parent), "__path__", None) if parent else None
    if parent and path is None:
        return False
    specs = (finder.find_spec(module, path) for finder in sys.meta_path if hasattr(finder, "find_spec"))
    spec = next((spec for spec in specs if spec is not None), None)
    return spec is not None and spec.origin is not None and os.path.realpath(spec.origin) == file
