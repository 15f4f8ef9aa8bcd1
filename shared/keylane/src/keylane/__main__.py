"""`python -m keylane` is the command `keylane`."""

import sys

from keylane.commands.program import main

if __name__ == "__main__":
    sys.exit(main())
