"""Kills one process when the process that started this one is gone, however it went.

Run as a script with the process id as its argument. Its standard input is a pipe that only its parent
holds open: the kernel closes it even after kill -9. A frozen server dies too, which it could not do by itself.
"""

import contextlib
import os
import signal
import sys


def main() -> None:
    """Wait for the end of standard input, then kill."""
    sys.stdin.buffer.read()
    with contextlib.suppress(ProcessLookupError):
        os.kill(int(sys.argv[1]), signal.SIGKILL)


if __name__ == "__main__":
    main()
