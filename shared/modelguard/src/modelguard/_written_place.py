"""Where an unguarded model stands: it keeps no line, so its file is read, as the linter reads it."""

from pathlib import Path
from typing import Any

from modelguard._site import real_file
from modelguard.lint.facts import Class, Facts
from modelguard.lint.reading import content, facts_of


def statement(model: Any) -> tuple[str, str]:
    """What the guard tells places by: file and qualified name."""
    return real_file(model.__module__) or f"module {model.__module__}", model.__qualname__


def class_place(model: Any, which: int = 0) -> str:
    """`file:line` of its class statement, of several of that name the first or the last; the file if it has none."""
    file, _ = statement(model)
    found = _classes(model)
    return f"{file}:{found[which].line}" if found else file


def field_place(model: Any, field: str) -> str:
    """`file:line` of a field in the class or in the base that declares it; that of the class if none does."""
    for kind in model.__mro__:
        lines = [each.call[4] for fact in _classes(kind) for each in fact.fields if each.name == field]
        if lines:
            return f"{statement(kind)[0]}:{lines[0]}"
    return class_place(model)


def _classes(model: Any) -> list[Class]:
    file, qualname = statement(model)
    data = content(Path(file)) if Path(file).is_absolute() else b""
    facts = data if isinstance(data, Facts) else facts_of(data)
    return [each for each in facts.classes if each.qualname == qualname]
