"""`python -m chat_service`: heeds signals before the rest of the program is loaded, which takes a second."""

import sys

from lyceum_program.signals import leave_at_signals

leave_at_signals(*sys.argv[1:2] or ("none",))

from modelguard import ModelCheckError, check  # noqa: E402  what loads meanwhile must not swallow a signal


def refusal(error: ImportError) -> str:
    """Say what a program lacks that cannot be loaded: the model that something refers to, if that is why."""
    try:
        check()
    except ModelCheckError as exc:
        return str(exc)
    return str(error)


# In a block: a model that its index leaves out ends this very import, and the line has to name who needs it.
try:
    from chat_service.main import main
except ImportError as exc:
    sys.stderr.write(f"chat-service: cannot start: {refusal(exc)}\n")
    sys.exit(2)

if __name__ == "__main__":
    sys.exit(main())
