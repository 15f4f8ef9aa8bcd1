"""Where a field was declared, for messages: found from the class body's code, never by reading source."""

import dis
from types import CodeType
from typing import Any

from modelguard._mongoengine import is_model
from modelguard._site import real_file
from modelguard._table import TABLE
from modelguard._wording import place


def field_place(model: Any, field: str) -> str:
    """`file:line` of the statement that declares a field, in the class or in the base that has it.

    Mixins and unguarded classes keep no code of their body: the file alone, then.
    """
    for kind in model.__mro__:
        record = TABLE.of(kind)
        if record is not None and field in record.definition.namespace:
            line = _line_of(record.definition.body, field) or record.site.line
            return f"{record.site.file}:{line}"
        if field in vars(kind) and not is_model(kind):
            return real_file(kind.__module__) or f"module {kind.__module__}"
    return model_place(model)


def model_place(model: Any) -> str:
    """`file:line` of a class statement; the file alone for an unguarded class."""
    return place(model, TABLE.of(model))


def _line_of(body: CodeType | None, name: str) -> int | None:
    if body is None:
        return None
    stores = (each for each in dis.get_instructions(body) if each.opname == "STORE_NAME" and each.argval == name)
    return next((each.positions.lineno for each in stores if each.positions), None)
