"""The README's code is code."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

import keylane

README = (Path(__file__).parents[1] / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS)
def test_its_blocks_compile_and_import_what_exists(block: str) -> None:
    compile(block, "README.md", "exec")
    for module, names in re.findall(r"^from (keylane[\w.]*) import (.+)$", block, flags=re.MULTILINE):
        for name in names.split(", "):
            assert hasattr(importlib.import_module(module), name), f"{module}.{name}"


def test_the_exported_names_are_those_of_all() -> None:
    assert sorted(keylane.__all__) == sorted(set(keylane.__all__))
    for name in keylane.__all__:
        assert hasattr(keylane, name)


def test_defaults_in_the_settings_table_are_the_defaults() -> None:
    settings = keylane.KafkaSettings()
    for name in ("session_timeout", "heartbeat_interval", "drain_timeout", "stop_timeout", "request_timeout"):
        row = re.search(rf"`(?:KafkaSettings)?\.{name}` \| (\d+) s \|", README)
        assert row, name
        assert getattr(settings, name).total_seconds() == int(row[1])
