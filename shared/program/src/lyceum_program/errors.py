"""What ends a program's start.

ProgramError
└── StartRefused   the program cannot work as it was given; exit code 2
"""


class ProgramError(Exception):
    """Root of this package's errors."""


class StartRefused(ProgramError):  # noqa: N818 - the name answers "what happened?"
    """The program cannot work as it was given, and waiting will not heal it. The text says what to change."""
