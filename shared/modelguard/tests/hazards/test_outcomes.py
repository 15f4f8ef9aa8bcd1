"""The 39 hazards and what the guard makes of each: the table is complete, and tests stand behind every word of it."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

# gone: cannot happen. error: a clear error at the definition or the look-up. check: listed by check() before traffic.
# lint: only visible in the text, so the linter's.
OUTCOMES = {
    1: ("silent overwrite", {"gone", "error"}),
    2: ("identity split", {"gone"}),
    3: ("exceptions split", {"gone"}),
    4: ("stale class reference", {"gone"}),
    5: ("stale string reference", {"gone"}),
    6: ("old instance, late reference", {"gone"}),
    7: ("lazy reference", {"gone"}),
    8: ("generic reference", {"gone"}),
    9: ("embedded class", {"gone"}),
    10: ("two services, one name", {"error"}),
    11: ("one file, two names", {"gone"}),
    12: ("reload of the parent alone", {"gone"}),
    13: ("delete rule lost", {"gone"}),
    14: ("delete rules duplicated", {"gone"}),
    15: ("subclass visibility lost", {"gone"}),
    16: ("handler silent", {"gone"}),
    17: ("handlers doubled", {"lint"}),
    18: ("cached-reference listeners", {"gone"}),
    19: ("memory", {"gone"}),
    20: ("index work repeated", {"gone"}),
    21: ("index conflict late", {"check"}),
    22: ("disconnect misses stale classes", {"gone"}),
    23: ("half-built class registered", {"gone"}),
    24: ("failed definition replaces a good one", {"gone"}),
    25: ("failed subclass poisons the base", {"gone"}),
    26: ("import order decides", {"gone", "error", "check"}),
    27: ("missing model found late", {"check"}),
    28: ("suffix match picks a stranger", {"check", "error"}),
    29: ("suffix match flips", {"check"}),
    30: ("one namespace for all kinds", {"error"}),
    31: ("abstract classes registered too", {"error"}),
    32: ("`self` in a mixin or an abstract base", {"check"}),
    33: ("meta dict mutated and shared", {"gone"}),
    34: ("query set kept elsewhere", {"gone"}),
    35: ("pickle", {"gone"}),
    36: ("stale subclasses in lookups", {"error"}),
    37: ("retry of a half import", {"gone"}),
    38: ("concurrency", {"gone"}),
    39: ("two names, one collection", {"check"}),
}


def outcomes_tested() -> dict[int, set[str]]:
    """Read the hazard marks of this folder's tests from their text: a selection on the command line hides none."""
    tested: dict[int, set[str]] = defaultdict(set)
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.hazard":
                number, outcome = (ast.literal_eval(argument) for argument in node.args)
                tested[number].add(outcome)
    return tested


def test_the_table_names_every_hazard() -> None:
    assert list(OUTCOMES) == list(range(1, 40))


def test_every_hazard_is_reproduced_on_the_plain_base() -> None:
    assert {number for number, outcomes in outcomes_tested().items() if "plain" in outcomes} == set(OUTCOMES)


def test_every_outcome_of_the_table_has_its_test_and_no_other_does() -> None:
    tested = {number: outcomes - {"plain"} for number, outcomes in outcomes_tested().items()}

    assert {number: outcomes for number, (_, outcomes) in OUTCOMES.items()} == dict(sorted(tested.items()))
