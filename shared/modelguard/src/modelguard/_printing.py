"""Text for standard output and standard error, whatever they are connected to."""

import contextlib
import os
import sys
from collections.abc import Iterator


class CannotPrintError(Exception):
    """Standard output takes nothing: the message is for the user."""


def say(text: str) -> None:
    """Print a text and a line end on standard output; what its encoding does not have is escaped.

    Raises:
        CannotPrintError: it is closed, or its device is full.
        BrokenPipeError: its reader has seen enough.
    """
    stream = sys.stdout
    if stream is None or stream.closed:
        raise CannotPrintError("standard output is closed")
    encoding = stream.encoding or "utf-8"
    with _reported():
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def flush() -> None:
    """Make sure that everything said arrived; raises what `say` raises."""
    with _reported():
        if sys.stdout is not None and not sys.stdout.closed:
            sys.stdout.flush()


def note(text: str) -> None:
    """Print on standard error, for the user; where that is impossible, nobody would read a complaint either."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"{text}\n")


def give_up() -> None:
    """Drop what standard output still holds: Python would try once more at its end, and complain in its own words."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def _reported() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CannotPrintError(f"cannot write to standard output: {error.strerror or error}") from error
