"""From a file to its facts. Whatever is wrong with a file becomes one line of trouble, never an exception."""

import ast
import stat
import sys
import warnings
from pathlib import Path

from modelguard.lint.comments import comments_of
from modelguard.lint.extraction import extract
from modelguard.lint.facts import Facts, nothing

LARGEST_BYTES = 1_000_000  # no one writes a module of this size; to parse one takes seconds and a gigabyte
_READER = f"{sys.version_info.major}.{sys.version_info.minor}"


def content(path: Path) -> bytes | Facts:
    """What a file holds, or the trouble that reading it met."""
    try:
        found = path.stat()
        size = found.st_size
        if not stat.S_ISREG(found.st_mode):
            return _trouble(1, 0, "cannot be read: it is no regular file")
        if size > LARGEST_BYTES:
            return _trouble(1, 0, f"has {size / 1e6:.1f} MB, more than the {LARGEST_BYTES / 1e6:.0f} MB that are read")
        return path.read_bytes()
    except (OSError, RuntimeError) as error:  # a symlink loop is a RuntimeError to some versions of pathlib
        return _trouble(1, 0, f"cannot be read: {getattr(error, 'strerror', None) or error}")


def facts_of(data: bytes) -> Facts:
    """The facts of a file's content."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about its escapes and comparisons: other tools say that
            tree = ast.parse(data)
        return extract(tree, data, comments_of(data))
    except SyntaxError as error:
        text = f"does not parse: {_said(error)} (read by Python {_READER}: another may know more)"
        return _trouble(error.lineno or 1, max((error.offset or 1) - 1, 0), text)
    except (ValueError, UnicodeError) as error:
        return _trouble(1, 0, f"does not parse: {error}")
    except (RecursionError, MemoryError):
        return _trouble(1, 0, "is nested too deeply to be read")


def _said(error: SyntaxError) -> str:
    return " ".join(str(error.msg).split())


def _trouble(line: int, column: int, text: str) -> Facts:
    return nothing([line, column, text])
