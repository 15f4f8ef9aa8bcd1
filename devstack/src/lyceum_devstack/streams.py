"""Standard output and standard error, whatever is behind them: an old code page, a full disk, a reader that left."""

import io
import os
import sys
from pathlib import Path


def forgive_streams() -> None:
    """Let a sign that the code page lacks come out as `?`, not as a crash: names of people are not ours to choose."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def flush_output() -> None:
    """Write out what is buffered, while an error can still be told.

    Raises:
        OSError: Nobody reads standard output any more, or there is no room for it.
    """
    if sys.stdout is not None:
        sys.stdout.flush()


def release_output() -> None:
    """Let what still cannot be written go nowhere, so that the interpreter does not complain at its end."""
    try:
        flush_output()
    except OSError:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
