"""What a rule reports."""

from typing import NamedTuple


class Finding(NamedTuple):
    """One place that breaks one rule.

    Attributes:
        path: of the file, as `Module.path` has it.
        line: from 1.
        column: from 1, in characters.
        code: of the rule, such as `MG02`.
        subject: what it is about, by a name that does not move when lines do; the baseline knows a finding by it.
        message: what is wrong there, and why that harms.
        fix: the change to make.
    """

    path: str
    line: int
    column: int
    code: str
    subject: str
    message: str
    fix: str
