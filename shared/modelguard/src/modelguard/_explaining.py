"""Codes of problems, errors and rules: all of them with their titles, and each with its explanation."""

import difflib
from collections.abc import Iterator
from types import MappingProxyType

from modelguard._explanations import EXPLANATIONS
from modelguard.lint.catalogue import EXPLANATIONS as RULES

_ALL = MappingProxyType({**EXPLANATIONS, **RULES})
_WIDTH = max(map(len, _ALL)) + 2


def titles() -> Iterator[str]:
    """One line per code: what it is about."""
    for code, text in _ALL.items():
        title = text.partition("\n")[0].partition(":")[0].partition(". ")[0].removesuffix(".")
        yield f"{code:<{_WIDTH}}{title}"


def explanation(code: str) -> str:
    """What a code means, and what to do; upper and lower case are the same here.

    Raises:
        KeyError: there is no such code; its text is for the user.
    """
    found = next((each for each in _ALL if each.lower() == code.strip().lower()), None)
    if found is None:
        near = _near(code.strip().lower())
        hint = f"did you mean {near}? `modelguard explain` lists all" if near else "`modelguard explain` lists them"
        raise KeyError(f"no code {code!r}; {hint}")
    return f"{found}\n\n{_ALL[found]}"


def _near(code: str) -> str:
    """The only code that begins so, or one that differs by a slip; empty if there is none."""
    begun = [each for each in _ALL if code and each.lower().startswith(code)]
    alike = difflib.get_close_matches(code, [each for each in _ALL if "-" in each], n=1, cutoff=0.7)
    return begun[0] if len(begun) == 1 else next(iter(alike), "")
