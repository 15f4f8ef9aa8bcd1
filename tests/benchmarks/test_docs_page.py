import json
import math
from pathlib import Path
from typing import Any

import pytest

from .docs_page import write
from .judging import Row
from .report import keep


def kept(tmp_path: Path, name: str, *rows: dict[str, Any]) -> Path:
    results = tmp_path / "benchmarks.json"
    section = {"heading": "a case", "note": "a note", "rows": list(rows)}
    about = {"when": "2026-01-31T09:30:00+00:00", "command": "./noxw -s bench", "seconds": 12, "machine": "2 cores"}
    more = {"load_average_before": 0.1, "versions": {"Python": "3.11"}, "sections": [section], "figures": {}}
    keep(results, name, about | more)
    return results


def row(within: bool | None) -> dict[str, Any]:
    return {"what": "a | b", "figure": "1", "bar": "< 5 %", "within": within}


def test_a_broken_bar_is_published_as_broken_and_the_machine_is_stated(tmp_path: Path) -> None:
    write(kept(tmp_path, "keylane", row(within=False), row(within=True), row(within=None)), tmp_path)
    page = (tmp_path / "benchmarks.md").read_text()
    assert page.count("**broken**") == 1
    assert page.count("| holds |") == 1
    assert "2 cores" in page
    assert r"a \| b" in page


def test_a_figure_that_is_no_number_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        keep(tmp_path / "benchmarks.json", "soak", {"figures": {"rate": math.nan}})


def test_a_second_benchmark_leaves_the_first_as_it_was(tmp_path: Path) -> None:
    kept(tmp_path, "soak", row(within=True))
    results = kept(tmp_path, "keylane", row(within=True))
    assert list(json.loads(results.read_text())) == ["keylane", "soak"]
    assert str(Row("a", "1", "<= 2", within=False)).endswith("OVER")
