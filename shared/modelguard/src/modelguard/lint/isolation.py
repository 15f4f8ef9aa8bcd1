"""Where models are put back as they were afterwards: models defined there are nobody's trouble."""

import ast

from modelguard.lint.bindings import arguments_of
from modelguard.lint.dotted_names import dotted

_FIXTURE = "isolated_models"
_CONTEXT = "isolated"


def is_isolated(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """`def test(isolated_models)`, or `@pytest.mark.usefixtures("isolated_models")` on a test or a class of tests."""
    if not isinstance(node, ast.ClassDef) and any(each.arg == _FIXTURE for each in arguments_of(node.args)):
        return True
    return any(map(_asks, node.decorator_list))


def isolates_all(tree: ast.Module) -> bool:
    """`pytestmark = pytest.mark.usefixtures("isolated_models")`, or a list with it."""
    marks = [each.value for each in tree.body if isinstance(each, ast.Assign) and _is_mark(each.targets[0])]
    return any(_asks(each) for mark in marks for each in ast.walk(mark))


def _is_mark(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and target.id == "pytestmark"


def _asks(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or dotted(node.func).rpartition(".")[2] != "usefixtures":
        return False
    return any(isinstance(each, ast.Constant) and each.value == _FIXTURE for each in node.args)


def isolates(node: ast.stmt) -> bool:
    """`with modelguard.isolated():`."""
    calls = [each.context_expr for each in node.items] if isinstance(node, ast.With) else []
    return any(isinstance(each, ast.Call) and dotted(each.func).rpartition(".")[2] == _CONTEXT for each in calls)
