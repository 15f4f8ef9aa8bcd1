"""What `modelguard explain` shows as bad is reported, and what it shows as good is clean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from modelguard.lint.catalogue import RULES

if TYPE_CHECKING:
    from shared.modelguard.tests.lint.conftest import Sources

    from modelguard.lint.rule import Rule


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_the_bad_example_is_reported_by_its_rule_alone(sources: Sources, rule: Rule) -> None:
    sources.write_all(rule.bad)

    assert set(sources.codes()) == {rule.code}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_the_good_example_is_clean(sources: Sources, rule: Rule) -> None:
    sources.write_all(rule.good)

    assert sources.found() == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_each_finding_says_what_to_change(sources: Sources, rule: Rule) -> None:
    sources.write_all(rule.bad)

    for finding in sources.found():
        assert finding.message
        assert finding.fix
        assert finding.subject


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_each_file_of_an_explanation_stands_apart(rule: Rule) -> None:
    lines = str(rule).splitlines()
    heads = [number for number, line in enumerate(lines) if line.startswith("    # ") and line.endswith(".py")]

    assert heads
    assert all(lines[number - 1] in {"", "Bad:", "Good:"} for number in heads)
