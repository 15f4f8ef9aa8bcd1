"""The sample files are what the generator writes, and tell every story they claim to tell."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lyceum_contracts import ContractError, parse_event
from lyceum_devstack.examples.__main__ import main

EXAMPLES = Path(__file__).parents[2] / "examples"


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (EXAMPLES / name).read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("name", ["purchases.jsonl", "faults.jsonl"])
def test_the_files_are_what_the_generator_writes(name: str, tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 0
    assert (tmp_path / name).read_bytes() == (EXAMPLES / name).read_bytes()


def test_the_generator_wants_one_existing_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "missing")]) == 2
    assert "usage:" in capsys.readouterr().err


def test_every_purchase_line_keeps_its_contract() -> None:
    for line in lines("purchases.jsonl"):
        try:
            parse_event(line["type"], line["data"])
        except ContractError as broken:
            pytest.fail(f"{line['id']}: {broken}")


def test_duplicates_refunds_before_and_after_and_second_purchases_are_there() -> None:
    purchases = lines("purchases.jsonl")
    at: dict[tuple[str, str], int] = {}
    for number, line in enumerate(purchases):
        at.setdefault((line["type"], line["data"]["purchase_id"]), number)
    full = [line["data"]["purchase_id"] for line in purchases if line["data"].get("full")]
    early = [purchase for purchase in full if at["PURCHASE_REFUNDED", purchase] < at["PURCHASE_CREATED", purchase]]
    event_ids = Counter(line["id"] for line in purchases)
    bought = {line["id"]: line["data"]["purchase_id"] for line in purchases if line["type"] == "PURCHASE_CREATED"}
    assert len(purchases) >= 250
    assert len(early) >= 5
    assert len(full) - len(early) >= 15
    assert sum(count > 1 for count in event_ids.values()) >= 10, "deliveries of one event"
    assert sum(count > 1 for count in Counter(bought.values()).values()) >= 5, "one purchase under two event ids"
    assert any(line["data"].get("full") is False for line in purchases)


def test_faults_name_events_that_exist_once() -> None:
    known = Counter(line["id"] for line in lines("purchases.jsonl"))
    for line in lines("faults.jsonl"):
        assert known[line.get("fail") or line["after"]] == 1, line


def test_no_broken_record_would_pass_as_a_purchase() -> None:
    for line in lines("faults.jsonl"):
        if "record" not in line:
            continue
        record, headers = line["record"], line["record"]["headers"]
        if {"ce_id", "ce_type"} <= headers.keys() and record.get("text"):
            with pytest.raises((ContractError, ValueError, AttributeError, TypeError)):
                parse_event(headers["ce_type"], json.loads(record["text"]))
