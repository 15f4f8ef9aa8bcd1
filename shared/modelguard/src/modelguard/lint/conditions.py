"""What is known of conditions before a program runs."""

import ast
from collections.abc import Iterator
from typing import NamedTuple

from modelguard.lint.dotted_names import dotted

_TYPING = frozenset({"TYPE_CHECKING", "MYPY"})


class Arm(NamedTuple):
    """One arm of an `if`.

    Attributes:
        never_runs: whether it is for type checkers only, or for nobody.
        is_script: whether it runs when the file is a program, not when it is imported.
    """

    statements: list[ast.stmt]
    never_runs: bool
    is_script: bool


class Conditions:
    """Judges the conditions of one file, which may give `TYPE_CHECKING` another name or another value."""

    def __init__(self) -> None:
        self._typing = set(_TYPING)

    def see_import(self, name: str, alias: str) -> None:
        """Take note of `from typing import TYPE_CHECKING as alias`."""
        if name == "TYPE_CHECKING":
            self._typing.add(alias)

    def see_assignment(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> None:
        """Take note of `TYPE_CHECKING = True`: then it holds. `= False` is how it is spelled without an import."""
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and node.value.value is True:
            self._typing -= {each.id for each in node.targets if isinstance(each, ast.Name)}

    def arms(self, node: ast.If) -> Iterator[Arm]:
        """Each arm of a chain of `elif`, with its test before it; a chain may be longer than calls may be deep."""
        never = False
        while True:
            yield Arm(node.body, never or self._is_never(node.test), _is_main(node.test))
            never = never or self._is_always(node.test)
            match node.orelse:
                case [ast.If() as following]:
                    node = following
                case rest:
                    yield Arm(rest, never, is_script=False)
                    return

    def _is_never(self, test: ast.expr) -> bool:
        match test:
            case ast.Constant(value=value):
                return not value
            case ast.BoolOp(op=ast.And(), values=values):
                return any(map(self._is_never, values))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self._is_always(operand)
        return dotted(test).rpartition(".")[2] in self._typing

    def _is_always(self, test: ast.expr) -> bool:
        return isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and self._is_never(test.operand)


def tests_of(node: ast.If) -> Iterator[ast.expr]:
    """The conditions of a chain of `elif`."""
    yield node.test
    while len(node.orelse) == 1 and isinstance(following := node.orelse[0], ast.If):
        node = following
        yield node.test


def _is_main(test: ast.expr) -> bool:
    """`if __name__ == "__main__"`."""
    match test:
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            sides = {getattr(each, "id", None) or getattr(each, "value", None) for each in (left, right)}
            return sides == {"__name__", "__main__"}
    return False
