"""The protocol holds in every interleaving of the small worlds, and the model sees each way to build it wrong."""

from collections.abc import Callable

import pytest

from lyceum_allocation.protocol import BROKEN_CONTROLS, SCENARIOS, Scenario, explore
from lyceum_allocation.protocol.explorer import TooLarge
from lyceum_allocation.protocol.world import Fault

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_invariants_hold_in_every_interleaving(
    scenario: Scenario, record_property: Callable[[str, object], None]
) -> None:
    finding = explore(scenario)

    assert finding.violation is None
    assert finding.at_rest > 0, "no run of the scenario ends: it proves nothing"
    record_property("worlds", finding.worlds)


@pytest.mark.parametrize(("fault", "name", "expected"), BROKEN_CONTROLS, ids=str)
def test_a_protocol_built_wrong_is_caught(fault: Fault, name: str, expected: str) -> None:
    assert explore(BY_NAME[name], fault).violation == expected


def test_every_fault_has_a_control() -> None:
    assert {fault for fault, _, _ in BROKEN_CONTROLS} == set(Fault)


def test_a_scenario_that_is_too_large_is_no_proof() -> None:
    with pytest.raises(TooLarge):
        explore(SCENARIOS[0], limit=10)
