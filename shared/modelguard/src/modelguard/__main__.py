"""`python -m modelguard`, for where the command is not on the path."""

import sys

from modelguard.cli import main

if __name__ == "__main__":
    sys.exit(main())
