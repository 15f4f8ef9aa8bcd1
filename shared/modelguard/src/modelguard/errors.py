"""What the guard raises.

    GuardError
    +-- ModelConflictError        another definition holds this registry name
    +-- ModelChangedError         the same place, an edited definition
    +-- ModelNotRegisteredError   a named model is missing (also mongoengine's NotRegistered)
    +-- ModelCheckError           check() found problems; .problems lists them
    +-- DefinitionTimeoutError    another thread's definition does not finish
    +-- UnsupportedError          this release of mongoengine keeps its registry elsewhere

Catch `GuardError` to catch them all. Each class carries the stable `code` that `modelguard explain` accepts.
"""

from collections.abc import Sequence
from typing import ClassVar

from mongoengine.errors import NotRegistered

from modelguard.problem import Problem


class GuardError(Exception):
    """Root of everything modelguard raises on purpose."""

    code: ClassVar[str] = "guard-error"


class ModelConflictError(GuardError):
    """A definition was refused because another place holds its registry name.

    The first class stays registered and usable.

    Attributes:
        model: the registry name, mongoengine's `_class_name`.
        first: `file:line` of the definition that stays.
        second: `file:line` of the definition that was refused.
    """

    code: ClassVar[str] = "model-conflict"

    def __init__(self, message: str, *, model: str, first: str, second: str) -> None:
        super().__init__(message)
        self.model = model
        self.first = first
        self.second = second

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, (type(self), str(self), vars(self))


class ModelChangedError(GuardError):
    """A definition ran again at its own place, with another content.

    The first class stays registered and usable.

    Attributes:
        model: the registry name.
        site: `file:line` of the definition.
        changes: what differs, one line each.
    """

    code: ClassVar[str] = "model-changed"

    def __init__(self, message: str, *, model: str, site: str, changes: Sequence[str]) -> None:
        super().__init__(message)
        self.model = model
        self.site = site
        self.changes = tuple(changes)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, (type(self), str(self), vars(self))


class ModelNotRegisteredError(GuardError, NotRegistered):  # type: ignore[misc]  # mongoengine ships no types
    """A model was asked for by a name that nothing has registered.

    Attributes:
        model: the name asked for.
        near: registered names that read alike, best first.
    """

    code: ClassVar[str] = "model-not-registered"

    def __init__(self, message: str, *, model: str, near: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.model = model
        self.near = tuple(near)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, (type(self), str(self), vars(self))


class ModelCheckError(GuardError):
    """The registered models are not fit to serve; `problems` says why, all at once."""

    code: ClassVar[str] = "model-check"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(_listing(self.problems))

    def __reduce__(self) -> tuple[object, ...]:
        return ModelCheckError, (self.problems,)


class DefinitionTimeoutError(GuardError):
    """Another thread has been defining a model for far too long; the message says where to look."""

    code: ClassVar[str] = "definition-timeout"


class UnsupportedError(GuardError):
    """mongoengine's registry is not where the releases that modelguard knows keep it."""

    code: ClassVar[str] = "unsupported"


def _rebuilt(kind: type[GuardError], message: str, state: dict[str, object]) -> GuardError:
    """Pickle's way back: workers hand these errors over to their parent process."""
    error = kind.__new__(kind, message)
    error.args = (message,)
    error.__dict__.update(state)
    return error


def _listing(problems: Sequence[Problem]) -> str:
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return "\n".join([f"{count} with the registered models:", *(str(problem) for problem in problems)])
