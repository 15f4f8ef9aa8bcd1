"""The command of an installation without its extra."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("absent", ["click", "pymongo"])
def test_it_says_in_a_line_what_to_install(absent: str) -> None:
    program = f"import sys; sys.modules[{absent!r}] = None; from keylane.__main__ import main; sys.exit(main())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=30)

    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {absent}")
    assert done.stderr.endswith(" is not installed: install keylane[commands]\n")
    assert "Traceback" not in done.stderr
