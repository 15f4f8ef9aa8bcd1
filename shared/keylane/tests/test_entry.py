"""An installation without its extras: the command, and what needs a driver."""

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


@pytest.mark.parametrize("absent", ["pymongo", "bson"])
def test_the_import_of_what_needs_an_extra_says_so(absent: str) -> None:
    program = f"import sys; sys.modules[{absent!r}] = None; from keylane.mongo import MongoInbox"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=30)

    assert done.stderr.splitlines()[-1] == "ModuleNotFoundError: pymongo is not installed: install keylane[mongo]"
    assert "During handling" not in done.stderr
