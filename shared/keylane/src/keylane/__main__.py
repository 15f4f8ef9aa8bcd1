"""The command `keylane`, also `python -m keylane`: a line instead of a traceback where its extra is not installed."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Final

from keylane.errors import EXIT_CONFIGURATION

OF_THE_EXTRA: Final = ("click", "pymongo", "bson")


def main() -> int:
    """Run one command line and return its exit code."""
    try:
        program = import_module("keylane.commands.program")  # not above, as the library works without the extra
    except ModuleNotFoundError as exc:
        if (exc.name or "").partition(".")[0] not in OF_THE_EXTRA:
            raise
        sys.stderr.write(f"error: {exc.name} is not installed: install keylane[commands]\n")
        return EXIT_CONFIGURATION
    code: int = program.main()
    return code


if __name__ == "__main__":
    sys.exit(main())
