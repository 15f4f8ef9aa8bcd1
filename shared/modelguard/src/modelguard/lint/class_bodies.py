"""What a class body declares: `meta` and fields."""

import ast
import hashlib
from typing import Any

from modelguard.lint.expressions import dotted, reduced, reduced_call
from modelguard.lint.facts import UNKNOWN, Expression, Field

# Settings of `meta` that rules ask for.
_OPTIONS = frozenset({"abstract", "collection", "db_alias", "allow_inheritance"})
_INIT = frozenset({"__init__", "__new__"})


class Body:
    """The statements of one class body, read once, those under conditions too."""

    def __init__(self, statements: list[ast.stmt]) -> None:
        self.fields: list[Field] = []
        self.meta: Expression | None = None
        self.meta_line = 0
        self.options: dict[str, Any] = {}
        self.has_init = False
        for statement in statements:
            self._read(statement)

    def _read(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self._assign(name, value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                self._assign(name, value)
            case ast.FunctionDef(name=name):
                self.has_init |= name in _INIT
            case ast.If() | ast.Try() | ast.With():
                for each in ast.iter_child_nodes(statement):
                    if isinstance(each, ast.stmt):
                        self._read(each)

    def _assign(self, name: str, value: ast.expr) -> None:
        if name == "meta":
            self.meta = reduced(value)
            self.meta_line = value.lineno
            self.options = _options(value)
        elif isinstance(value, ast.Call) and dotted(value.func):
            self.fields.append(Field(name, reduced_call(value)))


def _options(value: ast.expr) -> dict[str, Any]:
    """The settings of a literal `meta`; a value that is no literal is an expression to follow, or unknown."""
    found: dict[str, Any] = {}
    pairs: list[tuple[ast.expr | None, ast.expr]] = []
    if isinstance(value, ast.Dict):
        pairs = list(zip(value.keys, value.values, strict=True))
    elif isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "dict":
        pairs = [(ast.Constant(each.arg), each.value) for each in value.keywords if each.arg]
    for key, option in pairs:
        if isinstance(key, ast.Constant) and key.value in _OPTIONS:
            found[str(key.value)] = _option(option)
        elif key is None:  # **others: anything may be in there
            found["**"] = reduced(option)
    return found


def _option(value: ast.expr) -> Any:
    if isinstance(value, ast.Constant):
        return value.value if isinstance(value.value, (bool, str)) or value.value is None else bool(value.value)
    return reduced(value) if isinstance(value, (ast.Name, ast.Attribute, ast.BinOp, ast.JoinedStr)) else UNKNOWN


def digest(statement: ast.ClassDef) -> str:
    """The same for two statements that say the same, wherever they stand."""
    return hashlib.blake2b(ast.dump(statement).encode(), digest_size=8).hexdigest()
