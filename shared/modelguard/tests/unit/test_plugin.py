"""The fixture `isolated_models`, under both of pytest's import modes."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

TESTS = """
import pytest
from mongoengine import StringField
from modelguard import Document, models, stats
from shop_models import Product

def make_fake():
    class Fake(Document):
        name = StringField()
    return Fake

@pytest.mark.parametrize("number", range(3))
def test_a_fake(isolated_models, number):
    assert "Fake" not in models
    class Fake(Document):
        meta = {"collection": f"fakes_{number}"}
    assert models["Fake"] is Fake
    assert models["Product"] is Product

def test_a_fake_made_elsewhere(isolated_models):
    assert make_fake() is make_fake()

def test_nothing_is_left():
    assert list(models) == ["Product"]
    assert stats().defined == 1
"""


@pytest.mark.parametrize("mode", ["prepend", "importlib"])
def test_models_of_a_test_are_gone_after_it(tmp_path: Path, mode: str) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"test_{folder}.py").write_text(TESTS, encoding="utf-8")
    (tmp_path / "shop_models.py").write_text(
        "from modelguard import Document\nclass Product(Document): pass\n", encoding="utf-8"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\n", encoding="utf-8")

    # Named, so that the test also holds where the package is on the path without its entry points.
    named = ("-p", "modelguard.pytest_plugin", "-p", "no:modelguard")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *named, f"--import-mode={mode}"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip

    assert "10 passed" in done.stdout, done.stdout + done.stderr
