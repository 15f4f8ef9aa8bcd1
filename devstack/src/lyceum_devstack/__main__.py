"""`python -m lyceum_devstack` is the command `lyceum`."""

import sys

from lyceum_devstack.cli import main

if __name__ == "__main__":
    sys.exit(main())
