"""`python -m allocation_worker`: heeds signals before the rest of the program is loaded, which takes a second."""

import sys
from pkgutil import resolve_name

from allocation_worker.signals import leave_at_signals

if __name__ == "__main__":
    leave_at_signals(*sys.argv[1:2] or ("none",))
    sys.exit(resolve_name("allocation_worker.main:main")())
