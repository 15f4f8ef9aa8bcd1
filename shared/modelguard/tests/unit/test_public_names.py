"""The face of the package is what its documentation promises."""

from __future__ import annotations

import inspect
from pathlib import Path

import modelguard


def test_the_list_of_public_names_is_true() -> None:
    public = {
        name for name, value in vars(modelguard).items() if not name.startswith("_") and not inspect.ismodule(value)
    }

    assert public == set(modelguard.__all__)
    assert modelguard.__all__ == sorted(modelguard.__all__)


def test_the_package_says_that_it_is_typed() -> None:
    folder = Path(modelguard.__file__ or "").parent

    assert (folder / "py.typed").is_file()
    assert (folder / "bases.pyi").is_file()


def test_the_typed_bases_are_the_real_ones() -> None:
    stub = (Path(modelguard.__file__ or "").parent / "bases.pyi").read_text(encoding="utf-8")

    for base in (modelguard.Document, modelguard.EmbeddedDocument):
        assert f"class {base.__name__}(" in stub
    for name in ("objects", "save", "reload", "_get_collection", "pk", "register_delete_rule", "compare_indexes"):
        assert name in stub
        assert hasattr(modelguard.Document, name) or name == "objects"  # mongoengine adds it to each model
