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
    calls = [each for each in node.decorator_list if isinstance(each, ast.Call)]
    return any(
        isinstance(name, ast.Constant) and name.value == _FIXTURE
        for each in calls
        if dotted(each.func).rpartition(".")[2] == "usefixtures"
        for name in each.args
    )


def isolates(node: ast.stmt) -> bool:
    """`with modelguard.isolated():`."""
    calls = [each.context_expr for each in node.items] if isinstance(node, ast.With) else []
    return any(isinstance(each, ast.Call) and dotted(each.func).rpartition(".")[2] == _CONTEXT for each in calls)
