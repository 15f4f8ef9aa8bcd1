"""The lock around look-up and creation, which gives up instead of waiting for ever."""

import threading

from modelguard.errors import DefinitionTimeoutError

# A definition takes well under a millisecond; who is still at it after this long waits for somebody else.
PATIENCE_SECONDS = 30.0


class DefinitionLock:
    """A re-entrant lock: creating one class may create another.

    Python holds a lock of its own for each module that is being imported. A hook of a model that imports a module,
    while another thread imports that module and defines models in it, makes the two wait for each other for ever.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._holder = 0  # a thread's ident

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=PATIENCE_SECONDS):
            raise DefinitionTimeoutError(
                f"waited {PATIENCE_SECONDS:g} s for the thread {_name_of(self._holder)!r}, which is defining a model "
                "and does not finish. A hook of that model (__init_subclass__, __set_name__, a computed collection) "
                "probably imports a module that this thread is importing: move that import to the top of the hook's "
                "module"
            )
        self._holder = threading.get_ident()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def _name_of(ident: int) -> str:
    return next((thread.name for thread in threading.enumerate() if thread.ident == ident), str(ident))
