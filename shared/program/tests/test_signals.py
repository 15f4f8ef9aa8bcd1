"""What heeds signals is there before anything slow: importing it loads nothing but the standard library."""

import subprocess
import sys


def test_it_can_be_imported_first() -> None:
    program = (
        "import sys; import lyceum_program.signals\n"
        "slow = {'mongoengine', 'pymongo', 'aiokafka', 'pydantic', 'keylane', 'lyceum_database'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(slow)) or 0)"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)

    assert (ended.returncode, ended.stderr) == (0, "")
