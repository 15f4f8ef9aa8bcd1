"""What a rule is: a code, an explanation, and a function from the index to findings."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from modelguard.lint.finding import Finding
from modelguard.lint.index import Index


class Rule(NamedTuple):
    """One rule.

    Attributes:
        code: stable, such as `MG02`.
        title: what it finds, in a few words.
        hazard: why that harms.
        bad: files that it reports; `# shop/models/user.py` starts each.
        good: the same files as they should be.
        do: the remedy.
        find: the findings in an index.
    """

    code: str
    title: str
    hazard: str
    do: str
    bad: str
    good: str
    find: Callable[[Index], Iterator[Finding]]

    def __str__(self) -> str:
        return "\n".join(
            [
                self.title,
                self.hazard,
                f"Do: {self.do}",
                "",
                "Bad:",
                _indented(self.bad),
                "",
                "Good:",
                _indented(self.good),
            ]
        )


def _indented(text: str) -> str:
    """Each file of an example after an empty line."""
    text = re.sub(r"\n+(?=# \S+\.py\n)", "\n\n", text)
    return "\n".join(f"    {line}".rstrip() for line in text.strip().splitlines())
