"""Where an exception passed through the user's own code: what is installed is not where to look."""

import sysconfig
import traceback
from pathlib import Path

_INSTALLED = tuple(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
_OWN = str(Path(__file__).parent)


def place_in_project(error: BaseException) -> str:
    """`file:line` of the innermost such frame, relative to the working directory; empty if there is none."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(("<", _OWN, *_INSTALLED))]
    if not own or own[-1].lineno is None:
        return ""
    file = own[-1].filename.removeprefix(f"{Path.cwd()}/")
    return f"{file}:{own[-1].lineno}"
