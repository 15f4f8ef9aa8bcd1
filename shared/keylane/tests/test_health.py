"""Readiness: a reason per part, one log line at once and then one every few seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keylane.health import REPEAT_S, Health

if TYPE_CHECKING:
    import pytest


def test_a_lasting_trouble_is_logged_every_few_seconds_and_its_end_once(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    health = Health("worker g", monotonic=lambda: now[0])
    caplog.set_level("INFO", "keylane")
    for tick in range(100):
        now[0] = tick * REPEAT_S / 20
        health.trouble("store", "away")
    health.well("store")
    health.well("store")

    assert [record.message for record in caplog.records] == [
        *["worker g waits for store: away"] * 5,
        "worker g: store is back",
    ]


def test_it_is_ready_when_no_part_is_in_trouble() -> None:
    health = Health("worker g")
    health.trouble("store", "away")
    health.note("broker", "not joined")
    assert (health.ready, health.why_unready) == (False, "broker: not joined; store: away")
    health.well("store")
    assert health.why_unready == "broker: not joined"
    health.well("broker")
    assert health.ready


def test_a_part_is_well_once_it_is_well_for_every_member() -> None:
    health = Health("worker g")
    health.trouble("handler", "away", member="a")
    health.trouble("handler", "away", member="b")
    health.well("handler", member="a")
    health.well("handler", member="never in trouble")
    assert not health.ready
    health.well("handler", member="b")
    assert health.ready
