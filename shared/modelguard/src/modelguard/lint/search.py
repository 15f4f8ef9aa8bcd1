"""Expressions searched for calls, and for functions that are read, not called."""

import ast
from collections.abc import Container, Iterator

from modelguard.lint.bindings import Bindings
from modelguard.lint.blocks import Where
from modelguard.lint.dotted_names import dotted
from modelguard.lint.expressions import reduced_call
from modelguard.lint.facts import Call, Expression, Import, Use

# Last parts of the names that import at run time, or that are state when called at import time. Expressions are only
# searched in files that hold one of these words: most do not.
_DYNAMIC = frozenset(
    {
        "import_module", "__import__", "spec_from_file_location", "spec_from_loader", "SourceFileLoader", "load_source",
        "load_module", "run_module", "run_path", "exec", "eval", "reload", "walk_packages", "iter_modules",
        "resolve_name", "locate",
    }
)  # fmt: skip
_STATE = frozenset({"connect", "connect_via", "register_connection", "objects"})
_WATCHED = _DYNAMIC | _STATE
_WORDS = tuple(word.encode() for word in _WATCHED)
# A file has hundreds of thousands of these: that they hold nothing is known without a look.
_EMPTY = frozenset({ast.Name, ast.Constant, ast.Load, ast.Store})
_INTERESTING = frozenset(
    {
        ast.Call, ast.NamedExpr, ast.comprehension, ast.Subscript, ast.List, ast.Tuple, ast.Set, ast.Dict, ast.Return,
        ast.Yield,
    }
)  # fmt: skip


class Search:
    """What was found in the expressions of a file.

    Args:
        data: the file.
        bindings: what takes the names that `:=` binds.
    """

    def __init__(self, data: bytes, bindings: Bindings) -> None:
        self._is_on = any(word in data for word in _WORDS)
        self._has_walrus = b":=" in data
        self._bindings = bindings
        self._calls: list[Call] = []
        self._uses: list[Use] = []

    def calls(self, watched: Container[str]) -> list[Call]:
        """The calls whose name ends with one of these."""
        return [call for call in self._calls if _is_watched(call.call[1], watched)]

    def uses(self, watched: Container[str]) -> list[Use]:
        """The names read that end with one of these."""
        return [use for use in self._uses if _is_watched(use.name, watched)]

    def into(self, node: ast.AST | None, where: Where) -> None:
        """Find calls in an expression or a simple statement, and functions that it hands over."""
        if node is None:
            return
        if not self._is_on:
            self._bind_walrus(node, where)
            return
        for each, runs in _walk(node, runs=where.runs_at_import):
            if type(each) not in _INTERESTING:
                continue
            match each:
                case ast.Call():
                    self._call(each, where, runs=runs)
                case ast.NamedExpr(target=target, value=value):
                    self._bindings.add_value(target.id, value, where)
                case ast.comprehension(iter=value) | ast.Subscript(value=ast.Attribute() as value) if runs:
                    self.read(value, where)
                case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items) | ast.Dict(values=items):
                    self._hand_over(items, where)
                case ast.Return(value=ast.expr() as value) | ast.Yield(value=ast.expr() as value):
                    self._hand_over([value], where)

    def _bind_walrus(self, node: ast.AST, where: Where) -> None:
        """All that is searched for in other files: names of the module."""
        if self._has_walrus and not where.scope:
            for each in ast.walk(node):
                if isinstance(each, ast.NamedExpr):
                    self._bindings.add_value(each.target.id, each.value, where)

    def read(self, node: ast.expr, where: Where) -> None:
        """Note a name that is read while the module is imported."""
        if where.runs_at_import:
            self._use(node, where, is_handed_over=False)

    def _call(self, node: ast.Call, where: Where, *, runs: bool) -> None:
        call = reduced_call(node)
        if call[0] == "call":
            self._calls.append(Call(call, where.scope, runs))
        self._hand_over([*node.args, *(keyword.value for keyword in node.keywords)], where)

    def _hand_over(self, nodes: list[ast.expr], where: Where) -> None:
        """Who is given a function may call it."""
        for each in nodes:
            self._use(each, where, is_handed_over=True)

    def _use(self, node: ast.expr, where: Where, *, is_handed_over: bool) -> None:
        name = dotted(node)
        if name:
            self._uses.append(Use(is_handed_over, name, node.lineno, node.col_offset, where.scope))


def watched_names(imports: list[Import], bindings: Bindings) -> set[str]:
    """What is watched, with other names that a file gives to it, through any number of steps."""
    steps = [(each.alias, each.name) for each in imports if each.name]
    steps += [(each.name, name) for each in bindings.found for name in _aliased(each.value)]
    found = set(_WATCHED)
    while new := {alias for alias, name in steps if alias not in found and name.rpartition(".")[2] in found}:
        found |= new
    return found


def _aliased(value: Expression) -> Iterator[str]:
    """The names that a value may be another name of."""
    if value[0] == "name":
        yield value[1]
    elif value[0] == "either":
        for each in value[1]:
            yield from _aliased(each)


def _walk(node: ast.AST, *, runs: bool) -> Iterator[tuple[ast.AST, bool]]:
    """Every node inside, and whether it runs when the outermost one does: the body of a lambda runs later."""
    waiting = [(node, runs)]
    while waiting:
        each, now = waiting.pop()
        yield each, now
        later = each.body if isinstance(each, ast.Lambda) else None
        children = ast.iter_child_nodes(each)
        waiting += [(child, now and child is not later) for child in children if type(child) not in _EMPTY]


def _is_watched(name: str, watched: Container[str]) -> bool:
    return name.rpartition(".")[2] in watched or ".objects." in name
