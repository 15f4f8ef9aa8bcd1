"""`python -m allocation_worker`."""

import sys

from allocation_worker.main import main

if __name__ == "__main__":
    sys.exit(main())
