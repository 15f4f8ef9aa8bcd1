"""Where a class statement stands: the frame that runs it, its body's code and its place in the source."""

import dis
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

_GENERATED = "<"  # how Python names the file of code that has none: <string>, <stdin>, <ipython-input-1>
_FUNCTION_FLAGS = 0x1 | 0x2  # inspect.CO_OPTIMIZED | CO_NEWLOCALS: set on functions, never on class bodies

_CALLER = 3  # frames from here to whoever called the metaclass: define() and __new__() stand in between

_real_paths: dict[str, str] = {}


class Site(NamedTuple):
    """A definition's place.

    File and qualified name identify it (`is_at`); the line moves with edits, and the module name with the way the
    file was imported.

    Attributes:
        named: the source as its code names it, or `module NAME` for code that has no file.
        qualname: `__qualname__` of the class.
        line: first line of the class statement (of its first decorator).
        module: `__name__` of the module that ran it.
    """

    named: str
    qualname: str
    line: int
    module: str

    def is_at(self, other: "Site") -> bool:
        """Whether both are runs of one statement, or of two that stand for each other."""
        return self.qualname == other.qualname and (self.named == other.named or self.file == other.file)

    @property
    def file(self) -> str:
        """Real path of the source; asked of the system only now, since most statements run once."""
        known = _real_paths.get(self.named)
        if known is None:
            known = _real_paths[self.named] = os.path.realpath(self.named) if os.path.isabs(self.named) else self.named  # noqa: PTH117 - no Path object for each comparison
        return known

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"

    @property
    def in_function(self) -> bool:
        """Whether the statement can run many times in one module: a factory, a test."""
        return "<locals>" in self.qualname


class Statement(NamedTuple):
    """A class statement as it runs: its place, its body's code, and that of other statements for the same name."""

    site: Site
    body: CodeType | None
    twins: tuple[CodeType, ...]


def running_statement(name: str, namespace: Mapping[str, Any]) -> Statement:
    """The class statement, or the metaclass call, that is creating class `name` right now.

    The frame is recognised by the module that the body named, not by its depth: metaclasses and helper
    functions of the user may stand in between.
    """
    module = namespace.get("__module__")
    frame: FrameType | None = sys._getframe(_CALLER)  # noqa: SLF001 - the documented way to the caller
    first = caller = sys._getframe(_CALLER)  # noqa: SLF001 - as above
    while frame is not None:
        there = frame.f_globals.get("__name__", "builtins")
        if there == module:
            bodies = _bodies(frame.f_code, name)
            if bodies:
                return _of_body(frame, bodies, there)
            first = frame if first is caller else first
        elif module is None and not _is_ours(there):
            first = frame
            break
        frame = frame.f_back
    return _of_call(name, namespace, first)


def _of_body(frame: FrameType, bodies: list[CodeType], module: str) -> Statement:
    body = bodies[0] if len(bodies) == 1 else _latest(frame, bodies)
    twins = tuple(other for other in bodies if other is not body) if len(bodies) > 1 else ()
    named = _named(body.co_filename, frame, module)
    return Statement(Site(named, body.co_qualname, body.co_firstlineno, module), body, twins)


def _of_call(name: str, namespace: Mapping[str, Any], frame: FrameType) -> Statement:
    module = frame.f_globals.get("__name__", "builtins")
    named = _named(frame.f_code.co_filename, frame, module)
    return Statement(Site(named, str(namespace.get("__qualname__", name)), frame.f_lineno, module), None, ())


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in {"modelguard", "mongoengine", "types"}


def _bodies(code: CodeType, name: str) -> list[CodeType]:
    return [
        const
        for const in code.co_consts
        if type(const) is CodeType and const.co_name == name and not const.co_flags & _FUNCTION_FLAGS
    ]


def _latest(frame: FrameType, bodies: list[CodeType]) -> CodeType:
    """Of several statements for one name, the one whose code the frame loaded last."""
    loaded = bodies[0]
    for instruction in dis.get_instructions(frame.f_code):
        if instruction.offset > frame.f_lasti:
            break
        loaded = next((body for body in bodies if body is instruction.argval), loaded)
    return loaded


def _named(name: str, frame: FrameType, module: str) -> str:
    if name.startswith(_GENERATED) or not ("__file__" in frame.f_globals or Path(name).exists()):
        return f"module {module}"
    # A relative name changes its meaning with the working directory.
    return name if name.startswith(os.sep) else os.path.realpath(name)


def real_file(module: str) -> str | None:
    """Real path of a loaded module's file; None if it is not loaded or has none."""
    name = getattr(sys.modules.get(module), "__file__", None)
    return os.path.realpath(name) if name else None
