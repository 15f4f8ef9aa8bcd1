"""Where a class statement stands: the frame that runs it, its body's code and its place in the source."""

import dis
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

_GENERATED = "<"  # how Python names the file of code that has none: <string>, <stdin>, <ipython-input-1>
_FUNCTION_FLAGS = 0x1 | 0x2  # inspect.CO_OPTIMIZED | CO_NEWLOCALS: set on functions, never on class bodies

_real_paths: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Site:
    """A definition's place.

    Two sites are equal if file and qualified name are; the line moves with edits, and the module name with the
    way the file was imported.

    Attributes:
        file: real path of the source, or `module NAME` for code that has no file.
        qualname: `__qualname__` of the class.
        line: first line of the class statement (of its first decorator).
        module: `__name__` of the module that ran it.
    """

    file: str
    qualname: str
    line: int = field(compare=False)
    module: str = field(compare=False)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"

    @property
    def in_function(self) -> bool:
        """Whether the statement can run many times in one module: a factory, a test."""
        return "<locals>" in self.qualname


@dataclass(frozen=True, slots=True)
class Statement:
    """A class statement as it runs: its place, its body's code, and that of other statements for the same name."""

    site: Site
    body: CodeType | None
    twins: tuple[CodeType, ...] = ()


def running_statement(name: str, namespace: Mapping[str, Any]) -> Statement:
    """The class statement, or the metaclass call, that is creating class `name` right now.

    The frame is recognised by the module that the body named, not by its depth: metaclasses and helper
    functions of the user may stand in between.
    """
    module = namespace.get("__module__")
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the documented way to the caller without reading source
    fallback: Statement | None = None
    while frame is not None:
        globals_name = frame.f_globals.get("__name__", "builtins")
        if globals_name == module or (module is None and not _is_ours(globals_name)):
            bodies = _bodies(frame.f_code, name) if module is not None else []
            if bodies or fallback is None:
                fallback = _statement(name, namespace, frame, bodies)
            if bodies or module is None:
                return fallback
        frame = frame.f_back
    return fallback or _statement(name, namespace, sys._getframe(1), [])  # noqa: SLF001 - as above


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in {"modelguard", "mongoengine", "types"}


def _statement(name: str, namespace: Mapping[str, Any], frame: FrameType, bodies: list[CodeType]) -> Statement:
    body = bodies[0] if len(bodies) == 1 else _latest(frame, bodies)
    module = frame.f_globals.get("__name__", "builtins")
    site = Site(
        file=_file(frame, module),
        qualname=body.co_qualname if body else str(namespace.get("__qualname__", name)),
        line=body.co_firstlineno if body else frame.f_lineno,
        module=module,
    )
    return Statement(site, body, tuple(other for other in bodies if other is not body))


def _bodies(code: CodeType, name: str) -> list[CodeType]:
    return [
        const
        for const in code.co_consts
        if isinstance(const, CodeType) and const.co_name == name and not const.co_flags & _FUNCTION_FLAGS
    ]


def _latest(frame: FrameType, bodies: list[CodeType]) -> CodeType | None:
    """Of several statements for one name, the one whose code the frame loaded last."""
    loaded = None
    for instruction in dis.get_instructions(frame.f_code):
        if instruction.offset > frame.f_lasti:
            break
        if any(instruction.argval is body for body in bodies):
            loaded = instruction.argval
    return loaded


def _file(frame: FrameType, module: str) -> str:
    name = frame.f_code.co_filename
    known = _real_paths.get(name)
    if known is not None:
        return known
    if name.startswith(_GENERATED) or not (os.path.exists(name) or "__file__" in frame.f_globals):  # noqa: PTH110 - no Path objects on the path of each definition
        return f"module {module}"
    path = os.path.realpath(name)
    if os.path.isabs(name):  # noqa: PTH117 - as above; a relative name changes its meaning with the working directory
        _real_paths[name] = path
    return path


def real_file(module: str) -> str | None:
    """Real path of a loaded module's file; None if it is not loaded or has none."""
    name = getattr(sys.modules.get(module), "__file__", None)
    return os.path.realpath(name) if name else None
