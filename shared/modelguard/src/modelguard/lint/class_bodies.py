"""What a class body declares: `meta` and fields."""

import ast
import hashlib
from collections.abc import Iterator
from typing import Any

from modelguard.lint.dotted_names import dotted
from modelguard.lint.expressions import pairwise, reduced, reduced_call
from modelguard.lint.facts import UNKNOWN, Expression, Field

# Settings of `meta` that rules ask for.
_OPTIONS = frozenset({"abstract", "collection", "db_alias", "allow_inheritance"})
_COPYING = frozenset({"dict", "copy", "deepcopy"})
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
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id="meta"), slice=key)], value=value):
                self.options |= options_of(ast.Dict([key], [value]))
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._assign(target, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign(target, value)
            case ast.Expr(value=ast.NamedExpr(target=target, value=value)):
                self._assign(target, value)
            case ast.FunctionDef(name=name):
                self.has_init |= name in _INIT
            case ast.ClassDef() | ast.AsyncFunctionDef():
                pass
            case _:
                self._read_block(statement)

    def _read_block(self, node: ast.AST) -> None:
        """The statements inside a statement."""
        for each in ast.iter_child_nodes(node):
            if isinstance(each, ast.stmt):
                self._read(each)
            elif isinstance(each, (ast.ExceptHandler, ast.match_case)):
                self._read_block(each)

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        for name, given in pairwise(target, value):
            self._give(name, given)

    def _give(self, name: str, value: ast.expr) -> None:
        if name == "meta":
            self.meta = reduced(value)
            self.meta_line = value.lineno
            self.options = options_of(value)
        elif isinstance(value, ast.Call) and dotted(value.func):
            self.fields.append(Field(name, reduced_call(value)))


def options_of(value: ast.expr) -> dict[str, Any]:
    """The settings that a dict holds; a value that is no literal is an expression to follow, or unknown.

    `**` stands for another dict that has the rest, and `under` for the settings that it may overwrite.
    """
    found: dict[str, Any] = {}
    for key, option in _pairs(value):
        if isinstance(key, ast.Constant) and key.value in _OPTIONS:
            found[str(key.value)] = _option(option)
        elif key is None:
            found = {"**": reduced(option), "under": found} if found else {"**": reduced(option)}
    return found


def is_dict(value: ast.expr) -> bool:
    """Whether an expression makes a dict, as far as that can be seen."""
    return [*_pairs(value)] != [(None, value)]


def _pairs(value: ast.expr) -> Iterator[tuple[ast.expr | None, ast.expr]]:
    """What a dict is made of, in order; a key of None stands for all of another dict."""
    match value:
        case ast.Dict(keys=keys, values=values):
            yield from zip(keys, values, strict=True)
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            yield from _pairs(left)
            yield from _pairs(right)
        case ast.Call(func=ast.Attribute(value=ast.Name() as copied, attr="copy"), args=[]):
            yield None, copied
        case ast.Call(func=func, args=[*copied], keywords=keywords) if dotted(func).rpartition(".")[2] in _COPYING:
            yield from ((None, each) for each in copied)
            yield from ((ast.Constant(each.arg) if each.arg else None, each.value) for each in keywords)
        case _:
            yield None, value


def _option(value: ast.expr) -> Any:
    if isinstance(value, ast.Constant) and value.value is not None:  # None is kept as such: no name, not the usual one
        return value.value if isinstance(value.value, (bool, str)) else bool(value.value)
    return reduced(value) if isinstance(value, (ast.Name, ast.Attribute, ast.BinOp, ast.JoinedStr)) else UNKNOWN


def digest(statement: ast.ClassDef) -> str:
    """The same for two statements that say the same, wherever they stand."""
    return hashlib.blake2b(ast.dump(statement).encode(), digest_size=8).hexdigest()
