"""Explores every scenario and every broken control: ``python -m lyceum_allocation.protocol``."""

import sys

from lyceum_allocation.protocol import BROKEN_CONTROLS, LARGE, SCENARIOS, Finding, explore


def main() -> int:
    """Print a line per exploration; 1 if a scenario breaks or a broken control goes unnoticed."""
    wrong = 0
    for scenario in SCENARIOS + LARGE:
        finding = explore(scenario)
        wrong += finding.violation is not None
        _print(scenario.name, finding)
    by_name = {scenario.name: scenario for scenario in SCENARIOS}
    for fault, name, expected in BROKEN_CONTROLS:
        finding = explore(by_name[name], fault)
        wrong += finding.violation != expected
        _print(f"{name}, if {fault.value}", finding)
    return int(wrong > 0)


def _print(what: str, finding: Finding) -> None:
    outcome = finding.violation or f"holds, {finding.at_rest} at rest"
    sys.stdout.write(f"{what}: {finding.worlds} worlds: {outcome}\n")


if __name__ == "__main__":
    sys.exit(main())
