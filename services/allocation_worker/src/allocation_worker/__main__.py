"""`python -m allocation_worker`: heeds signals before the rest of the program is loaded, which takes a second."""

import sys

from lyceum_program.signals import leave_at_signals

leave_at_signals(*sys.argv[1:2] or ("none",))

from allocation_worker.main import main  # noqa: E402  what loads meanwhile must not swallow a signal

if __name__ == "__main__":
    sys.exit(main())
